/**
 * So long anything on a machine, of its emulator or by its programs is waited for, in milliseconds: its processor is emulated,
 * and what takes a minute here takes ten on a slow machine beside other work.
 */
export const maxWait = 1_200_000;
