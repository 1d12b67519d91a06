import type { Clock } from "../../../core/base/index.ts";
import {
  type Difference,
  type Owner,
  ownershipComment,
  type Resource,
  type Work,
  type StackOwner,
} from "../../../rules/plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { untilOnMachine } from "../until.ts";
import { MachineAccountRecords, type ObservedRecords, type ObservedAccounts } from "./account-records.ts";
import type { HostLayout } from "./layout.ts";

const timeoutMs = 60_000;
const everyMs = 5000;

/** What a machine keeps of an account, but for its key. */
export interface KeptAccount {
  /** Absent while its CA has not confirmed it. */
  readonly uri?: string;
  /** The CA's names in CAA records; absent where it was not asked. */
  readonly caaIdentities?: readonly string[];
}

/** An account at a certificate authority that a publisher is to have. */
export interface AccountAtCa {
  /** URL of the CA's directory. */
  readonly directory: string;
  /** Undefined where there is no record of it. */
  kept(records: ObservedRecords): Promise<KeptAccount | undefined>;
  /**
   * Has the CA make it, and the records keep it. Resolves to undefined, or to why it does not exist yet where that will
   * likely pass; throws what waiting cannot fix.
   */
  register(records: MachineAccountRecords, signal: AbortSignal): Promise<string | undefined>;
}

export interface AccountsSpec extends StackOwner {
  readonly layout: HostLayout;
  readonly accounts: readonly AccountAtCa[];
}

export interface AccountsResourceOptions {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly spec: AccountsSpec;
  readonly dependsOn: readonly string[];
}

/** Accounts as they were found, without their keys. */
export interface AccountsState extends Omit<ObservedAccounts, "records"> {
  /** Of those that are specified, by the CA's directory. */
  readonly kept: Readonly<Record<string, KeptAccount>>;
}

/** The names of the accounts of a stack's publisher, known without reading its machine. */
export function accountsNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/accounts`,
    kind: "accounts",
    names: [`host/${stack}`, "host", "publisher"],
    link: "tls",
  };
}

const isWhole = (kept: KeptAccount | undefined): boolean =>
  kept?.uri !== undefined && kept.caaIdentities !== undefined;

function differenceOf({ accounts }: AccountsSpec, kept: AccountsState["kept"]): Difference {
  const fields = accounts
    .filter(({ directory }) => !isWhole(kept[directory]))
    .map(({ directory }) => ({ field: directory, before: kept[directory]?.uri, after: "an account" }));
  if (fields.length === 0) return { kind: "none", fields };
  const isFirst = Object.values(kept).every(({ uri }) => uri === undefined);
  return isFirst ? { kind: "create", fields } : { kind: "update", fields, newOutputs: true };
}

/** The state of accounts as their records say it. */
async function stateOf(
  { accounts }: AccountsSpec,
  { records, ...found }: ObservedAccounts,
): Promise<AccountsState> {
  const kept = new Map<string, KeptAccount>();
  for (const account of accounts) {
    const one = await account.kept(records);
    if (one !== undefined) kept.set(account.directory, one);
  }
  return { ...found, kept: Object.fromEntries(kept) };
}

function ownerOf({ owner }: AccountsState, stack: StackOwner): Owner {
  if (owner !== undefined) return ownershipComment.ownerOf(owner, stack);
  return { kind: "untagged", looksLike: "an unknown owner whose publisher made accounts there" };
}

async function registered(
  account: AccountAtCa,
  records: MachineAccountRecords,
  { clock, work }: { readonly clock: Clock; readonly work: Work },
): Promise<void> {
  const what = `the account at ${account.directory}`;
  work.waiting(what, clock.elapsed() + timeoutMs);
  await untilOnMachine({
    what,
    clock,
    timeoutMs,
    everyMs,
    work,
    look: () => account.register(records, work.signal),
    next: "Accounts are registered from where podtrust runs: let it reach the CA's directory over HTTPS (the publisher's machine has to, too). Then run the same command again: it goes on.",
  });
}

/**
 * A publisher's accounts at certificate authorities, registered from here and kept where the publisher on the machine
 * looks for them. The output `authorities` is a JSON list of them, each with `directory`, `uri` and `caaIdentities`, the
 * CA's names in CAA records.
 */
export function accountsResource(options: AccountsResourceOptions): Resource<AccountsState> {
  const { connection, clock, spec, dependsOn } = options;
  const { layout, stack, accounts } = spec;
  const recordsOf = async (work: Pick<Work, "inputs" | "signal">): Promise<MachineAccountRecords> => {
    const session = await connection.required(work.inputs, work.signal);
    return new MachineAccountRecords({ session, layout, signal: work.signal }, ownershipComment.of(spec));
  };
  return {
    ...accountsNames(stack),
    dependsOn,
    needs: connection.locator.needs,
    ifTaken: "A machine has one publisher. Take that one away with its state, or use another machine.",
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await stateOf(spec, await (await recordsOf({ inputs, signal })).inspect());
      if (!state.isThere) return { exists: false };
      return { exists: true, state, owner: ownerOf(state, spec) };
    },
    fingerprint: (state) => state,
    outputs: ({ kept }): Readonly<Record<string, string>> => {
      const whole = accounts.filter(({ directory }) => isWhole(kept[directory]));
      if (whole.length < accounts.length) return {};
      return {
        authorities: JSON.stringify(whole.map(({ directory }) => ({ directory, ...kept[directory] }))),
      };
    },
    diff: (observed) => differenceOf(spec, observed.exists ? observed.state.kept : {}),
    async apply(_change, work) {
      const records = await recordsOf(work);
      // All at once, so that another run finds none of them, or all.
      const each = accounts.map((account) => registered(account, records, { clock, work }));
      await Promise.allSettled(each);
      await Promise.all(each);
    },
    async delete(_observed, work) {
      await (await recordsOf(work)).delete();
    },
  };
}
