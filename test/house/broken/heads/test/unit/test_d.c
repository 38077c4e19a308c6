/*
 * test_d.c
 */
