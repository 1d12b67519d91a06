export type { CredentialFile } from "./credential-file.ts";
export type { GoogleDecision } from "./decisions.ts";
export { sandboxGoogleForms } from "./forms.ts";
export { openGoogle, type StandInGoogle } from "./google.ts";
export type { GoogleDelays, GoogleUnknowns, SandboxGoogleOptions, StandInGoogleOptions } from "./options.ts";
export type { GoogleSeed, SeedBindings, SeedGoogleProvider } from "./seed.ts";
export { startStandInGoogle } from "./start.ts";
