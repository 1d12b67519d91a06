import { type Form, forms, type Forms } from "../errors/index.ts";
import type { CredentialFile } from "./credential-file.ts";
import type { GoogleDelays, GoogleUnknowns, SandboxGoogleOptions, StandInGoogleOptions } from "./options.ts";

const { anyText, callback, either, members, milliseconds, oneOf, port, text, whole } = forms;

const time: Form = either((value) => typeof value === "string", oneOf(["ours"]), milliseconds);

/** What each option of a stand-in for Google beside AWS has to be. */
export const sandboxGoogleForms: Forms<SandboxGoogleOptions> = {
  port,
  project: anyText,
  projectNumber: anyText,
  delays: members<GoogleDelays>({ grant: milliseconds, revoke: milliseconds, upload: milliseconds }),
  unknowns: members<GoogleUnknowns>({
    checkOrder: anyText,
    issuerCache: time,
    newKey: time,
    operation: time,
  }),
};

const aloneForms: Forms<StandInGoogleOptions> = {
  ...sandboxGoogleForms,
  listen: text,
  connectTo: forms.connectTo,
  ca: forms.certificates,
  clock: forms.clock,
  logger: forms.logger,
  onDecision: callback,
};
export const aloneForm: Form = members(aloneForms);

/** What a credential file is asked for by. */
export const credentialFileForm: Form = members<CredentialFile>(
  { pool: text, provider: text, tokenFile: text, serviceAccount: text, lifetime: whole(1) },
  ["pool", "provider", "tokenFile"],
);
