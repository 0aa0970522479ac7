/** Most characters of a run's id. */
export const MAX_RUN_ID = 64;

/** Most characters of a task's id in a plan. */
export const MAX_TASK_ID = 64;

/** Most characters of the id a task is assigned, judged and paid under: that of a review is `<attempt>~<task>`. */
export const MAX_ASSIGNED_ID = 80;

/** Most characters of a task type, which is the capability an agent offers. */
export const MAX_TASK_TYPE = 64;

/** Highest number of an attempt. */
export const MAX_ATTEMPT = 1_000_000;
