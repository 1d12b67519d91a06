import { type Form, forms, type Forms } from "../errors/index.ts";
import type { CaFault, CaLie, CaResource, StandInCaOptions } from "./types.ts";

const { callback, clock, flag, form, listOf, logger, members, oneOf, port, recordOf, whole } = forms;

/** HOST:PORT, or a host alone, and nothing more of a URL. */
function isPlace(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const url = URL.parse(`https://${value}`);
  return url !== null && /^[^/?#@\\\s]+$/u.test(value);
}

/** What each option of a stand-in CA has to be. */
const caForms: Forms<StandInCaOptions> = {
  clock,
  logger,
  connectTo: forms.connectTo,
  resolveTxt: callback,
  port,
  foundAt: form("HOST:PORT", isPlace),
  certificateSeconds: whole(1, 10 * 365 * 86_400),
  rejectNonceEvery: whole(0),
  issuesLater: flag,
  externalAccounts: recordOf(forms.text),
};
export const caForm: Form = members(caForms);

const resources = {
  directory: true,
  newNonce: true,
  newAccount: true,
  newOrder: true,
  account: true,
  order: true,
  authorization: true,
  challenge: true,
  finalize: true,
  certificate: true,
  revokeCert: true,
  keyChange: true,
  renewalInfo: true,
} satisfies Record<CaResource, true>;
const failures = {
  "rate-limit": true,
  error: true,
  hang: true,
  nonsense: true,
  lie: true,
} satisfies Record<CaFault["what"], true>;

const what: Form = oneOf(Object.keys(failures));
const at: Form = listOf(oneOf(Object.keys(resources)));

/** What a fault of a stand-in CA has to be. */
export const caFaultForm: Form = forms.either(
  (value) => typeof value === "object" && value !== null && "what" in value && value.what === "lie",
  members<CaLie>({ what, at, lie: callback }, ["at", "lie"]),
  members<Exclude<CaFault, CaLie>>({ what, retryAfter: whole(0), at }, ["what"]),
);
