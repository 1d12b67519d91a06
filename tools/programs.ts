/** What is run by its path, so that no module has to import it (tools/knip.ts, tools/release.ts). */
export const programs = {
  completion: "src/cli/kubectl-plugin/complete.ts",
  publisher: "src/cli/publisher-program/main.ts",
  whole: "src/cli/single-program/main.ts",
  sandbox: "src/sandbox/cli/main.ts",
  sandboxProcess: "src/sandbox/process/main.ts",
} as const;

/** What package.json names, as the command and as what others import. */
export const published = [
  "src/cli/main.ts",
  "src/sandbox/index.ts",
  "src/sandbox/gcp.ts",
  "src/sandbox/azure.ts",
];
