/* A guard as anybody has. */
#ifndef LOW_A_H
#define LOW_A_H
#endif
