import { defined } from "../../core/base/index.ts";
import {
  caFaultForm,
  caForm,
  type CaFault,
  type CaLie,
  type StandInCa,
  type StandInCaOptions,
} from "../ca/index.ts";
import type { ConnectedClock } from "../control/index.ts";
import type { Promised } from "./calls.ts";
import { checkCarried, type NotCarried } from "./carried.ts";
import { atDoor } from "../errors/index.ts";
import { OwnProcess } from "./own-process.ts";
import type { CaCallbacks, CarriedFault } from "./served.ts";

/** Options of a stand-in CA in a process of its own: those of `startAuthority`, whose `resolveTxt` is called back here. */
export type AuthorityProcessOptions = Omit<StandInCaOptions, "clock" | "logger">;

const notCarried: NotCarried<StandInCaOptions, AuthorityProcessOptions> = { clock: true, logger: true };

/** A stand-in CA in a process of its own, which ends with `await using`, `close()`, or the program that started it. */
export interface AuthorityProcess extends Promised<Omit<StandInCa, "clock">> {
  /** The clock by which certificates begin, end and fall due; `advance` moves it. */
  readonly clock: ConnectedClock;
  /** The process's number. */
  readonly pid: number;
}

/** The calls of the other process back to this one, and the transport of its faults: the functions of both stay here. */
function answersOf({ resolveTxt }: Pick<AuthorityProcessOptions, "resolveTxt">) {
  // None is dropped: an answer on its way may still refer to an earlier one.
  const lies: CaLie[] = [];
  const answers: Partial<CaCallbacks> = {
    ...defined({ resolveTxt }),
    lie: (number, answer) => lies[number]?.lie(answer) ?? answer,
  };
  const carried = (fault: CaFault | undefined): CarriedFault | undefined =>
    fault?.what === "lie" ? { what: "lie", at: fault.at, lie: lies.push(fault) - 1 } : fault;
  return { answers, carried };
}

/**
 * Starts a stand-in certificate authority in a process of its own. It has the calls that `startAuthority` returns, each
 * of which returns a promise; `resolveTxt` and the function of a lie are called in this process. The other one ends
 * with the program that started it, and does not keep that running. Rejects with what `startAuthority` rejects with,
 * with `sandbox-process-ended`, or with `usage` for another option that has functions.
 *
 * @example
 * ```ts
 * await using authority = await startAuthorityProcess({ resolveTxt: async () => [] });
 * ```
 */
export function startAuthorityProcess(options: AuthorityProcessOptions = {}): Promise<AuthorityProcess> {
  return atDoor(() => open(options));
}

async function open(options: AuthorityProcessOptions): Promise<AuthorityProcess> {
  checkCarried(options, notCarried, "startAuthority");
  caForm(options, "startAuthorityProcess");
  const { resolveTxt, ...rest } = options;
  const { answers, carried } = answersOf(options);
  const { own, said } = await OwnProcess.start(
    "authority",
    { ...rest, resolves: resolveTxt !== undefined },
    answers,
  );
  const { ask, pid, close } = own;
  return {
    ...said,
    pid,
    clock: { now: () => ask("clock.now"), advance: (ms) => ask("clock.advance", ms) },
    accounts: () => ask("accounts"),
    issued: () => ask("issued"),
    suggestRenewal: (...given) => ask("suggestRenewal", ...given),
    async misbehave(fault) {
      // Here, since a message carries no function of a lie.
      if (fault !== undefined) caFaultForm(fault, "misbehave: the fault");
      await ask("misbehave", carried(fault));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
