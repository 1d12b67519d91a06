import { basename } from "node:path";
import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../config.ts";

/** A config whose issuer has no name yet, as far as it is known without one. */
export interface UnnamedConfig extends Omit<Config, "issuer" | "named" | "publisher" | "warnings"> {
  /** The zone below which the name is. */
  readonly zone: string;
}

/** A settled name. */
export interface IssuerName {
  /** Below the zone. */
  readonly host: string;
  /** Nothing remembers it yet. */
  readonly isNew: boolean;
  /** The stack never had a name, and gets none: the host is only a placeholder, and is never shown. */
  readonly isPlaceholder?: true;
}

/** Settles the name of an issuer that a config leaves open. */
export type IssuerNaming = (config: UnnamedConfig) => Promise<IssuerName>;

/** Refuses a config without a name, for callers that cannot settle it. */
export const noNaming: IssuerNaming = ({ file, stack, zone }) => {
  const sentence = `${basename(file)} leaves the name of stack ${stack} below ${zone} open, and this command cannot settle it`;
  return Promise.reject(new PodtrustError("issuer-unnamed", sentence, { detail: { stack, zone } }));
};
