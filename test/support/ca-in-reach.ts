import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type StandInCa, type StandInCaOptions, startAuthority } from "../../src/sandbox/index.ts";

/** A stand-in for a certificate authority that whoever runs podtrust reaches, and how configs name it. */
export interface CaInReach {
  readonly ca: StandInCa;
  /** Members of a config's `acme`: its directory, and the roots of its own HTTPS by a file. */
  readonly acme: string;
  /** How often an account was asked for since the start, or since it last misbehaved. */
  readonly asked: () => number;
  /** Writes the roots into the folder of a config. */
  prepare(folder: string): Promise<void>;
  /** Has it take every request for an account as it is, and count them from 0. */
  behave(): void;
}

/** Starts one; the caller closes `ca`. */
export async function caInReach(options: StandInCaOptions = {}): Promise<CaInReach> {
  const ca = await startAuthority(options);
  let asked = 0;
  const behave = (): void => {
    asked = 0;
    ca.misbehave({
      what: "lie",
      at: ["newAccount"],
      lie(answer) {
        asked += 1;
        return answer;
      },
    });
  };
  behave();
  return {
    ca,
    acme: `directory: "${ca.directoryUrl}", caFile: ca.pem`,
    asked: () => asked,
    prepare: (folder) => writeFile(join(folder, "ca.pem"), ca.tlsCa),
    behave,
  };
}
