import { errorText, isoSeconds } from "../../../core/base/index.ts";
import type { GcpProject } from "../../../config/index.ts";
import {
  closeAfterTheft,
  type ClosedMark,
  type GoogleApi,
  lockoutWarning,
  memberResource,
  noteKeyGone,
  openGoogle,
  reopenAfterTheft,
} from "../../../providers/gcp/index.ts";
import { uploadedKids } from "../../../rules/gcp/index.ts";
import { relyingParties, subjectOfAccount } from "../../../rules/oidc/index.ts";
import { noInputs, type Work } from "../../../rules/plan/index.ts";
import {
  type ClosingOutcome,
  done,
  isOwnAccess,
  open,
  type PartyClosing,
  type Reopening,
  type TheftAnswerAt,
} from "../closing.ts";
import type { PartContext } from "../part.ts";
import { type ClosableThing, otherThings, ownThings } from "./closable.ts";

const hour = 3_600_000;
/** A federated token lives for an hour at most (Security Token Service, `token`: expires_in). */
const federatedMs = hour;
/** Of a service account, where an organisation allows it (iam.allowServiceAccountCredentialLifetimeExtension). */
const longestMs = 12 * hour;

type OfThing = (api: GoogleApi, thing: ClosableThing) => Promise<readonly ClosingOutcome[]>;

/** One project of the config: everything in it that lets in tokens of the issuer. */
class ProjectClosing implements PartyClosing {
  readonly #context: PartContext;
  readonly #project: GcpProject;

  constructor(context: PartContext, project: GcpProject) {
    this.#context = context;
    this.#project = project;
  }

  get place(): string {
    const { project, projectNumber } = this.#project;
    return `Google project ${project} (${projectNumber})`;
  }

  get isOwnAccess(): boolean {
    const { serviceAccounts, direct, bindings, keys } = this.#project;
    const all = [...serviceAccounts.flatMap((one) => one.serviceAccounts), ...direct];
    // Who uploads keys, or makes members for bindings, may change the provider.
    return bindings === true || keys === "upload" || isOwnAccess({ serviceAccounts: all });
  }

  get #now(): number {
    return this.#context.clock.now();
  }

  #work(signal: AbortSignal): Work {
    return { signal, inputs: noInputs, waiting: () => {} };
  }

  /** Does the same to each thing, own ones first; one that fails does not stop the others. */
  async #each(signal: AbortSignal, work: OfThing): Promise<readonly ClosingOutcome[]> {
    const outcomes: ClosingOutcome[] = [];
    const tried = async (what: string, does: () => Promise<readonly ClosingOutcome[]>): Promise<void> => {
      try {
        outcomes.push(...(await does()));
      } catch (error) {
        signal.throwIfAborted();
        outcomes.push(open(`${what} is as it was: ${errorText(error)}`));
      }
    };
    const { place } = this;
    const of = { config: this.#context.config, project: this.#project };
    await tried(place, async () => {
      const { api, credentials } = await openGoogle(this.#context, this.#context.clock);
      if (lockoutWarning(credentials, this.#project) !== undefined)
        throw new Error(
          `the credentials are tokens of its provider ${this.#project.provider}, which would refuse them after it. Take credentials of your own`,
        );
      const all = async (things: readonly ClosableThing[]): Promise<void> => {
        for (const one of things) await tried(`${one.title} of ${place}`, () => work(api, one));
      };
      // What is known by name does not wait for the list of all.
      await all(await ownThings(of, api, signal));
      await tried(`what else of ${place} trusts the issuer`, async () => {
        await all(await otherThings(of, api, signal));
        return [];
      });
      return [];
    });
    return outcomes;
  }

  /** Whether a thing is the config's own provider in a pool of another's. */
  #isInOthersPool({ name, provider }: ClosableThing): boolean {
    return provider === this.#project.provider && name.pool === this.#project.pool;
  }

  /** Takes the config's principals out of the policies of service accounts. */
  #revokePrincipals(api: GoogleApi, signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#principals(
      api,
      () => [],
      (account, email) => `${account} becomes no more ${email}`,
      signal,
    );
  }

  /** Puts them back. */
  #grantPrincipals(api: GoogleApi, signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#principals(
      api,
      (subject) => [subject],
      (account, email) => `${account} may become ${email}`,
      signal,
    );
  }

  async #principals(
    api: GoogleApi,
    subjectsFor: (subject: string) => readonly string[],
    textOf: (account: string, email: string) => string,
    signal: AbortSignal,
  ): Promise<readonly ClosingOutcome[]> {
    const outcomes: ClosingOutcome[] = [];
    for (const { email, serviceAccounts } of this.#project.serviceAccounts) {
      for (const account of serviceAccounts) {
        const only = subjectOfAccount(account);
        const resource = memberResource(api, {
          name: this.#project,
          email,
          subjects: subjectsFor(only),
          only,
        });
        const change = { kind: "update", resource, observed: { exists: false }, fields: [] } as const;
        await resource.apply(change, this.#work(signal));
        outcomes.push(done(textOf(account, email)));
      }
    }
    return outcomes;
  }

  #closedText({ title, provider }: ClosableThing): string {
    const until = (ms: number): string => isoSeconds(this.#now + ms);
    const accounts = `tokens of service accounts that it had let in, until ${until(hour)}, or ${until(longestMs)} where an organisation lets them live for 12 hours`;
    const is = `${title} of ${this.place} is disabled until a person opens it: no token is exchanged`;
    return provider === undefined
      ? `${is}, and what it gave counts no more. Open stay ${accounts}`
      : `${is}. Open stay what it gave before, until ${until(federatedMs)}, and ${accounts}`;
  }

  close(signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#each(signal, async (api, thing) => {
      const { title, disabled, mark } = thing;
      if (disabled && mark === undefined)
        return [done(`${title} of ${this.place} was disabled already, by somebody else, and stays so`)];
      await closeAfterTheft(api, thing, this.#now, this.#work(signal));
      const principals = this.#isInOthersPool(thing) ? await this.#revokePrincipals(api, signal) : [];
      return [done(this.#closedText(thing)), ...principals];
    });
  }

  /** Until when it has to stay closed, and why; undefined for what may be opened now. */
  #staysClosed(
    { provider, providers }: ClosableThing,
    { closedAt, goneAt }: Required<ClosedMark>,
    withdrawn: readonly string[],
  ): string | undefined {
    for (const { id, jwksJson } of providers) {
      const uploaded = uploadedKids(jwksJson);
      const left = uploaded?.filter((kid) => withdrawn.includes(kid)) ?? [];
      if (left.length > 0)
        return `its provider ${id} has ${left.join(", ")} by upload: podtrust publish keys`;
      const until = goneAt + relyingParties.gcp.keys.fetchedMs;
      if (uploaded === undefined && this.#now < until)
        return `its provider ${id} fetches its keys, and Google may have the stolen one until ${isoSeconds(until)}. With keys: upload in the config, podtrust up makes it ready before that`;
    }
    const until = closedAt + federatedMs;
    if (provider === undefined && this.#now < until)
      return `what it gave before would count again until ${isoSeconds(until)}`;
    return undefined;
  }

  reopen({ withdrawn, only }: Reopening, signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#each(signal, async (api, thing) => {
      const { title, disabled, mark, names } = thing;
      const what = `${title} of ${this.place}`;
      if (only !== undefined && !names.some((name) => only.includes(name))) return [];
      if (mark === undefined)
        return disabled ? [done(`${what} is disabled, without podtrust's mark, and stays so`)] : [];
      const goneAt = mark.goneAt ?? this.#now;
      await noteKeyGone(api, thing, goneAt, this.#work(signal));
      const why = this.#staysClosed(thing, { ...mark, goneAt }, withdrawn);
      if (why !== undefined) return [open(`${what} stays closed: ${why}`)];
      await reopenAfterTheft(api, thing, this.#work(signal));
      const principals = this.#isInOthersPool(thing) ? await this.#grantPrincipals(api, signal) : [];
      return [done(`${what} is open again`), ...principals];
    });
  }

  /** Notes at what is closed that the stolen key is published no more: how long it stays closed counts from then. */
  noteKeyGone(signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#each(signal, async (api, thing) => {
      if (thing.mark === undefined) return [];
      await noteKeyGone(api, thing, this.#now, this.#work(signal));
      return [done(`${thing.title} of ${this.place} is closed, and has noted when the key was withdrawn`)];
    });
  }
}

/** The projects of a config: their pools or providers are disabled until a person opens them. Opens no connection. */
export function googleAnswers(context: PartContext): readonly TheftAnswerAt[] {
  return context.config.gcp.map((project) => {
    const closing = new ProjectClosing(context, project);
    return { place: closing.place, closing, noteKeyGone: (signal) => closing.noteKeyGone(signal) };
  });
}
