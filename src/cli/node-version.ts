/** The first version of Node that has all that podtrust calls; package.json says the same to npm, which only warns. */
const needed = 24;

/** What is wrong with a Node of this version, `v20.20.2`, in lines; undefined where nothing is. */
export function nodeProblem(version: string): readonly string[] | undefined {
  const major = Number(version.replace(/^v/u, "").split(".")[0]);
  return major >= needed
    ? undefined
    : [
        `error: podtrust needs Node ${needed} or newer; this is ${version}`,
        "next:  Install it from https://nodejs.org, or put it first in PATH, and run the same command again.",
      ];
}
