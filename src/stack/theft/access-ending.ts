import type { RelyingPartyName } from "../../rules/oidc/index.ts";

/** How access by a withdrawn or stolen key ended at one place of a relying party. */
export interface AccessEnding {
  readonly party: RelyingPartyName;
  /** `auth/podtrust of OpenBao at https://bao.example.com:8200`, `account 111122223333`. */
  readonly place: string;
  /** `done` only where the place itself said so. `open`: whoever has the key may get in there still. */
  readonly outcome: "done" | "open";
  /** A sentence without its full stop, about the place. */
  readonly text: string;
}
