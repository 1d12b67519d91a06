/** The exports of `@podtrust/sandbox/gcp`: the stand-in for Google Cloud alone. */
export {
  type CredentialFile,
  type GoogleDecision,
  type GoogleDelays,
  type GoogleSeed,
  type GoogleUnknowns,
  type SandboxGoogleOptions,
  type SeedBindings,
  type SeedGoogleProvider,
  type StandInGoogle,
  type StandInGoogleOptions,
  startStandInGoogle,
} from "./gcp/index.ts";
