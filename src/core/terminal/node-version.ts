/** A program, and the first version of Node that has all that it calls; its package says the same to npm, which only warns. */
export interface NodeNeed {
  readonly program: string;
  readonly major: number;
}

/** What is wrong with a Node of this version, `v20.20.2`, in lines; undefined where nothing is. */
export function nodeProblem(version: string, { program, major }: NodeNeed): readonly string[] | undefined {
  const found = Number(version.replace(/^v/u, "").split(".")[0]);
  return found >= major
    ? undefined
    : [
        `error: ${program} needs Node ${major} or newer; this is ${version}`,
        "next:  Install it from https://nodejs.org, or put it first in PATH, and run the same command again.",
      ];
}
