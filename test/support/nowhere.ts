/**
 * A home and a file for programs that are to find nothing of this machine's own. A path that merely does not exist is
 * made by the first program that keeps a cache in its home, and the next one then finds a directory where it expects no
 * file: below a device nothing can be made, not even by root.
 */

/** A home in which nothing is and nothing can be made. */
export const noHome = "/dev/null/no-home";

/** A file that every reader finds empty. */
export const emptyFile = "/dev/null";
