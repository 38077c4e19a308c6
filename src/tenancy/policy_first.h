/*
 * policy_first.h
 *		Evaluating the policy of a table before other conditions.
 */
#ifndef PERSONALIZATION_TENANCY_POLICY_FIRST_H
#define PERSONALIZATION_TENANCY_POLICY_FIRST_H

/* Called once, when the library is loaded; has the planner put policies first. */
extern void policy_first_init(void);

#endif
