/*
 * a.c
 *		A file that was renamed.
 */
