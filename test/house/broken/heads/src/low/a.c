/*
 * a.c
 *		A file as it should be.
 */
