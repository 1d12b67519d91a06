import {
  type AccountQuotas,
  type AccountSurvey,
  maxPropagation,
  type RoleState,
} from "../../../providers/aws/index.ts";
import { type Clock, SharedAnswers, SharedWork } from "../../../core/base/index.ts";
import type { AccountAnswers } from "../../../stack/parts/index.ts";
import { awsTags, digestOf } from "../../../rules/plan/index.ts";

/** Who reads an account, each time anew. */
export interface AccountReader extends AccountAnswers {
  /** All of the account, in as few calls as IAM has pages. */
  readonly survey: (signal: AbortSignal) => Promise<AccountSurvey>;
  /** One role, as IAM has it now. */
  readonly role: (name: string, signal: AbortSignal) => Promise<RoleState | undefined>;
}

/** So old may be what is told of an account, in milliseconds: drift is seen within a minute. */
export const maxAge = 45_000;
/** So long a list of IAM may lack a role that was made, in milliseconds: thrice what was seen of other changes. */
const youth = maxPropagation;
/** So many roles and policies at most are kept beside the survey; IAM lets no account have as many roles. */
export const maxEntries = 10_000;

/** What is known of one role beside the survey. All times are by `elapsed`, since a time of day may be set. */
type Sight =
  /** It was changed from here, and what was seen of it before no longer counts. */
  | { readonly kind: "changed"; readonly at: number }
  /** It was read by itself, or IAM said that it made it so. */
  | { readonly kind: "read"; readonly at: number; readonly role: RoleState | undefined };

/** A role that was made from here. */
interface Made {
  readonly at: number;
  readonly mark: string;
  /** As IAM acknowledged it; undefined once it was changed from here. */
  readonly role: RoleState | undefined;
}

/** Whose a role is, as its tags say: `prod/shop/web`; undefined where they say nothing. */
const markOf = ({ tags }: Pick<RoleState, "tags">): string | undefined => awsTags.stackOf(tags);

/** Names by the mark that they carry: of a thousand bindings each looks for its own roles. */
class NamesByMark {
  readonly #names = new Map<string, Set<string>>();

  of(mark: string): ReadonlySet<string> {
    return this.#names.get(mark) ?? new Set();
  }

  add(mark: string, name: string): void {
    const names = this.#names.get(mark);
    if (names === undefined) this.#names.set(mark, new Set([name]));
    else names.add(name);
  }

  delete(mark: string, name: string): void {
    const names = this.#names.get(mark);
    if (names?.delete(name) === true && names.size === 0) this.#names.delete(mark);
  }
}

/** What one look at an account gave. */
interface Looked {
  readonly survey: AccountSurvey;
  /** The roles that carry a mark, by it. */
  readonly marked: ReadonlyMap<string | undefined, readonly RoleState[]>;
}

interface Survey {
  readonly at: number;
  readonly found: SharedWork<Looked>;
}

/**
 * What an account shows: the one memory of it, for all bindings that have roles there. Its contract:
 * - **Age**: what it tells was so at some time within the last 45 seconds (`maxAge`), or within what is asked for.
 * - **Own changes**: of a role that was changed from here it tells nothing from before that.
 * - **Own roles**: one that was made from here is there, also while IAM's lists lack it.
 * - **Sharing**: who asks for the same at the same time shares one call; a failure is shared by nobody who comes later.
 * - **Drift**: each mark whose role somebody else changed is told once, by the look that shows it.
 * - **Bound**: at most `maxEntries` roles and as many policies beside the survey, which is as large as IAM lets it be.
 */
export class AccountView implements AccountAnswers {
  readonly #reader: AccountReader;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #drifted: (marks: ReadonlySet<string>) => void;
  #survey: Survey | undefined;
  readonly #sights = new Map<string, Sight>();
  /** Roles that were made from here a moment ago, as IAM acknowledged them; without, where they were changed since. */
  readonly #made = new Map<string, Made>();
  /** Of these, by the mark that they were made with. */
  readonly #madeWith = new NamesByMark();
  readonly #known = new KnownRoles();
  readonly #quotas: SharedAnswers<AccountQuotas>;
  readonly #policies: SharedAnswers<boolean>;

  /** `drifted`: told of the marks of roles that somebody else changed. */
  constructor(
    reader: AccountReader,
    clock: Pick<Clock, "elapsed">,
    drifted: (marks: ReadonlySet<string>) => void,
  ) {
    this.#reader = reader;
    this.#clock = clock;
    this.#drifted = drifted;
    this.#quotas = new SharedAnswers(clock, maxAge);
    this.#policies = new SharedAnswers(clock, maxAge, maxEntries);
  }

  /** Roles that are kept beside the survey. */
  get entries(): number {
    return this.#sights.size + this.#made.size;
  }

  /** All of the account, no older than `oldest` milliseconds. Throws `aws-*`. */
  async survey(signal: AbortSignal, oldest = maxAge): Promise<AccountSurvey> {
    signal.throwIfAborted();
    return (await this.#newest(oldest).found.wait(signal)).survey;
  }

  /** The last look at the account, or a new one: begun at once, so that whoever asks meanwhile shares it. */
  #newest(oldest: number): Survey {
    const now = this.#clock.elapsed();
    const last = this.#survey;
    if (last?.found.isShareable === true && now - last.at < oldest) return last;
    const next = { at: now, found: new SharedWork((signal) => this.#look(now, signal)) };
    this.#survey = next;
    return next;
  }

  async #look(at: number, signal: AbortSignal): Promise<Looked> {
    const survey = await this.#reader.survey(signal);
    for (const [name, sight] of this.#sights) if (sight.at < at) this.#sights.delete(name);
    for (const [name, made] of this.#made) if (at - made.at >= youth) this.#forget(name, made);
    const marks = this.#known.look(survey.roles);
    if (marks.size > 0) this.#drifted(marks);
    return { survey, marked: Map.groupBy(survey.roles, markOf) };
  }

  /** A role as it is, whosever it is; undefined where there is none. Throws `aws-*`. */
  async role(name: string, signal: AbortSignal): Promise<RoleState | undefined> {
    signal.throwIfAborted();
    const { at: surveyedAt, found } = this.#newest(maxAge);
    const { survey } = await found.wait(signal);
    const sight = this.#sights.get(name);
    if (sight === undefined || sight.at < surveyedAt) {
      // IAM's lists may be older than its answer to whoever made the role; that answer grows old as well.
      const made = this.#made.get(name);
      const listed = survey.role(name) ?? this.#madeLately(made);
      if (listed !== undefined || (survey.isWhole && made === undefined)) return listed;
    } else if (sight.kind === "read") return sight.role;
    const at = this.#clock.elapsed();
    const role = await this.#reader.role(name, signal);
    this.#known.read(name, role);
    // What was changed meanwhile is read again.
    if (this.#sights.get(name) === sight) this.#keep(name, { kind: "read", at, role });
    return role;
  }

  /** What IAM said when it made a role, while that is no older than what is told of any. */
  #madeLately(made: Made | undefined): RoleState | undefined {
    return made !== undefined && this.#clock.elapsed() - made.at < maxAge ? made.role : undefined;
  }

  /** Roles that carry a mark, as far as lists and own deeds show them, no older than `oldest` milliseconds; some may be there twice. */
  async marked(mark: string, signal: AbortSignal, oldest = maxAge): Promise<readonly RoleState[]> {
    signal.throwIfAborted();
    const { marked } = await this.#newest(oldest).found.wait(signal);
    const made = [...this.#madeWith.of(mark)].flatMap((name) => this.#madeLately(this.#made.get(name)) ?? []);
    return [...(marked.get(mark) ?? []), ...made];
  }

  /** Whether the last look at the account showed a role with this mark; undefined where nobody has looked yet. Asks nobody. */
  showed(mark: string): boolean | undefined {
    return this.#known.has(mark);
  }

  /** When a role was made from here, by `elapsed`; undefined where it was not, not lately, or was changed since. */
  madeAt(name: string): number | undefined {
    const made = this.#made.get(name);
    return made?.role === undefined ? undefined : made.at;
  }

  /** Roles are about to be changed from here: none of them counts as made a moment ago. */
  changing(names: readonly string[]): void {
    for (const name of names) {
      const made = this.#made.get(name);
      if (made !== undefined) this.#made.set(name, { ...made, role: undefined });
    }
  }

  /** IAM says that it made this role for us. */
  made(role: RoleState): void {
    const at = this.#clock.elapsed();
    const [mark, before] = [markOf(role) ?? "", this.#made.get(role.name)];
    // One that was deleted and made again may be another binding's now.
    if (before !== undefined) this.#forget(role.name, before);
    this.#made.set(role.name, { at, mark, role });
    this.#madeWith.add(mark, role.name);
    this.#known.read(role.name, role);
    this.#keep(role.name, { kind: "read", at, role });
  }

  /** Roles were changed from here, or may have been: each is read anew by whoever asks next, but for those that were made. */
  changed(names: readonly string[]): void {
    const at = this.#clock.elapsed();
    for (const name of names)
      if (this.#made.get(name)?.role === undefined) this.#keep(name, { kind: "changed", at });
  }

  quotas(signal: AbortSignal): Promise<AccountQuotas> {
    return this.#quotas.of("", signal, (own) => this.#reader.quotas(own));
  }

  hasPolicy(arn: string, signal: AbortSignal): Promise<boolean> {
    return this.#policies.of(arn, signal, (own) => this.#reader.hasPolicy(arn, own));
  }

  #forget(name: string, { mark }: Made): void {
    this.#made.delete(name);
    this.#madeWith.delete(mark, name);
  }

  #keep(name: string, sight: Sight): void {
    this.#sights.set(name, sight);
    // None of them may be forgotten while the survey is older: it is made anew, and leaves few of them.
    if (this.entries > maxEntries) this.#survey = undefined;
  }
}

interface Known {
  readonly mark: string;
  readonly digest: string;
}

/** What is kept of one; undefined for one that carries nobody's mark. */
function knownOf(role: RoleState): Known | undefined {
  const mark = markOf(role);
  if (mark === undefined) return undefined;
  // IAM gives policies in any order.
  return { mark, digest: digestOf({ ...role, policies: role.policies.toSorted() }) };
}

/** Roles as they were seen last: tells whose were changed by somebody else, without keeping them. */
export class KnownRoles {
  #known: Map<string, Known> | undefined;
  #names = new NamesByMark();

  /** Whether one carried this mark; undefined before the first look. */
  has(mark: string): boolean | undefined {
    return this.#known && this.#names.of(mark).size > 0;
  }

  /** One that was read by itself, as it is once it was changed from here. */
  read(name: string, role: RoleState | undefined): void {
    if (this.#known === undefined) return;
    const [before, known] = [this.#known.get(name), role === undefined ? undefined : knownOf(role)];
    if (before !== undefined) this.#names.delete(before.mark, name);
    this.#known.delete(name);
    if (known === undefined) return;
    this.#known.set(name, known);
    this.#names.add(known.mark, name);
  }

  /**
   * All there are. Gives the marks of those that are other than they were, are new, or are gone; none at the first look.
   */
  look(roles: readonly RoleState[]): ReadonlySet<string> {
    const before = this.#known;
    const now = new Map<string, Known>();
    this.#names = new NamesByMark();
    for (const role of roles) {
      const known = knownOf(role);
      if (known === undefined) continue;
      now.set(role.name, known);
      this.#names.add(known.mark, role.name);
    }
    this.#known = now;
    if (before === undefined) return new Set();
    const changed = [...now].filter(([name, { digest }]) => before.get(name)?.digest !== digest);
    const gone = [...before].filter(([name]) => !now.has(name));
    // Somebody may have changed the mark itself.
    const marks = [...changed, ...gone].flatMap(([name, { mark }]) => [mark, before.get(name)?.mark ?? mark]);
    return new Set(marks);
  }
}
