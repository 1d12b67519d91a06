import {
  type AccountQuotas,
  type AccountSurvey,
  maxPropagation,
  type RoleState,
} from "../../../providers/aws/index.ts";
import { type Clock, SharedAnswers, SharedWork } from "../../../core/base/index.ts";
import type { AccountAnswers } from "../../../stack/parts/index.ts";
import { awsTags, digestOf } from "../../../rules/plan/index.ts";

/** Reads an account afresh each time. */
export interface AccountReader extends AccountAnswers {
  /** The whole account, in as few calls as IAM has pages. */
  readonly survey: (signal: AbortSignal) => Promise<AccountSurvey>;
  /** One role, as IAM has it now. */
  readonly role: (name: string, signal: AbortSignal) => Promise<RoleState | undefined>;
}

/** Maximum age of what this returns about an account, in milliseconds: drift is seen within a minute. */
export const maxAge = 45_000;
/** How long IAM's lists may lack a new role, in milliseconds: three times what was measured for other changes. */
const youth = maxPropagation;
/** The most roles and policies kept beside the survey; IAM allows fewer roles per account. */
export const maxEntries = 10_000;

/** What is known of one role beside the survey. All times are by `elapsed`, since a time of day may be set. */
type Sight =
  /** Changed from here: what was seen of it before no longer counts. */
  | { readonly kind: "changed"; readonly at: number }
  /** Read individually, or returned by IAM when it made the role. */
  | { readonly kind: "read"; readonly at: number; readonly role: RoleState | undefined };

/** A role that was made from here. */
interface Made {
  readonly at: number;
  readonly mark: string;
  /** As IAM acknowledged it; undefined once it was changed from here. */
  readonly role: RoleState | undefined;
}

/** The owner of a role by its tags: `prod/shop/web`; undefined if they name none. */
const markOf = ({ tags }: Pick<RoleState, "tags">): string | undefined => awsTags.stackOf(tags);

/** Role names by their mark: each of a thousand bindings looks for its own roles. */
class NamesByMark {
  readonly #names = new Map<string, Set<string>>();

  get marks(): ReadonlySet<string> {
    return new Set(this.#names.keys());
  }

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

/** Result of one look at an account. */
interface Looked {
  readonly survey: AccountSurvey;
  /** The roles that carry a mark, by mark. */
  readonly marked: ReadonlyMap<string | undefined, readonly RoleState[]>;
}

interface Survey {
  readonly at: number;
  readonly found: SharedWork<Looked>;
}

/**
 * What an account shows: the one memory of it, for all bindings that have roles there. Its contract:
 * - **Age**: an answer was true at some time within the last 45 seconds (`maxAge`), or within the age asked for.
 * - **Own changes**: of a role that was changed from here it returns nothing from before that.
 * - **Own roles**: a role made from here is included, even while IAM's lists lack it.
 * - **Sharing**: concurrent requests for the same share one call; later ones do not share its failure.
 * - **Drift**: each mark whose role someone else changed is reported once, by the look that shows it.
 * - **Bound**: at most `maxEntries` roles and as many policies beside the survey, which is as large as IAM lets it be.
 */
export class AccountView implements AccountAnswers {
  readonly #reader: AccountReader;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #drifted: (marks: ReadonlySet<string>) => void;
  #survey: Survey | undefined;
  /** The last look that was had to its end. */
  #looked: { readonly at: number; readonly survey: AccountSurvey } | undefined;
  readonly #sights = new Map<string, Sight>();
  /** Roles made from here a moment ago, as IAM acknowledged them; without the role if it was changed since. */
  readonly #made = new Map<string, Made>();
  /** Their names, by the mark that they were made with. */
  readonly #madeWith = new NamesByMark();
  readonly #known = new KnownRoles();
  readonly #quotas: SharedAnswers<AccountQuotas>;
  readonly #policies: SharedAnswers<boolean>;

  /** `drifted`: called with the marks of roles that someone else changed. */
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

  /** The whole account, no older than `oldest` milliseconds. Throws `aws-*`. */
  async survey(signal: AbortSignal, oldest = maxAge): Promise<AccountSurvey> {
    signal.throwIfAborted();
    return (await this.#newest(oldest).found.wait(signal)).survey;
  }

  /** The last look at the account, or a new one: registered at once, so that callers in the meantime share it. */
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
    this.#looked = { at, survey };
    return { survey, marked: Map.groupBy(survey.roles, markOf) };
  }

  /** A role of any owner; undefined if it does not exist. Throws `aws-*`. */
  async role(name: string, signal: AbortSignal): Promise<RoleState | undefined> {
    signal.throwIfAborted();
    const { at: surveyedAt, found } = this.#newest(maxAge);
    const { survey } = await found.wait(signal);
    const sight = this.#sights.get(name);
    if (sight === undefined || sight.at < surveyedAt) {
      // IAM's lists may be older than its answer to the role's creation; that answer ages as well.
      const made = this.#made.get(name);
      const listed = survey.role(name) ?? this.#madeLately(made);
      if (listed !== undefined || (survey.isWhole && made === undefined)) return listed;
    } else if (sight.kind === "read") return sight.role;
    const at = this.#clock.elapsed();
    const role = await this.#reader.role(name, signal);
    this.#known.read(name, role);
    // A role changed in the meantime is read again.
    if (this.#sights.get(name) === sight) this.#keep(name, { kind: "read", at, role });
    return role;
  }

  /**
   * A role as it was seen within 45 seconds; undefined where it was not, or was changed from here since. Makes no call.
   */
  seenLately(name: string): RoleState | undefined {
    const oldest = this.#clock.elapsed() - maxAge;
    const [sight, looked] = [this.#sights.get(name), this.#looked];
    if (sight !== undefined) return sight.kind === "read" && sight.at > oldest ? sight.role : undefined;
    return looked !== undefined && looked.at > oldest ? looked.survey.role(name) : undefined;
  }

  /** IAM's answer to the creation of a role, while it is no older than `maxAge`. */
  #madeLately(made: Made | undefined): RoleState | undefined {
    return made !== undefined && this.#clock.elapsed() - made.at < maxAge ? made.role : undefined;
  }

  /** Roles with a mark, by lists and by own changes, no older than `oldest` milliseconds; may contain duplicates. */
  async marked(mark: string, signal: AbortSignal, oldest = maxAge): Promise<readonly RoleState[]> {
    signal.throwIfAborted();
    const { marked } = await this.#newest(oldest).found.wait(signal);
    const made = [...this.#madeWith.of(mark)].flatMap((name) => this.#madeLately(this.#made.get(name)) ?? []);
    return [...(marked.get(mark) ?? []), ...made];
  }

  /** Whether the last look at the account showed a role with this mark; undefined before the first look. Makes no call. */
  showed(mark: string): boolean | undefined {
    return this.#known.has(mark);
  }

  /** Every mark that a role is known to carry. Makes no call. */
  get marks(): ReadonlySet<string> {
    return this.#known.marks;
  }

  /** When a role was made from here, by `elapsed`; undefined if it was not, not recently, or was changed since. */
  madeAt(name: string): number | undefined {
    const made = this.#made.get(name);
    return made?.role === undefined ? undefined : made.at;
  }

  /** Roles are about to be changed from here: none of them counts as just made any more. */
  changing(names: readonly string[]): void {
    for (const name of names) {
      const made = this.#made.get(name);
      if (made !== undefined) this.#made.set(name, { ...made, role: undefined });
    }
  }

  /** IAM acknowledged that it made this role for us. */
  made(role: RoleState): void {
    const at = this.#clock.elapsed();
    const [mark, before] = [markOf(role) ?? "", this.#made.get(role.name)];
    // One that was deleted and recreated may now be another binding's.
    if (before !== undefined) this.#forget(role.name, before);
    this.#made.set(role.name, { at, mark, role });
    this.#madeWith.add(mark, role.name);
    this.#known.read(role.name, role);
    this.#keep(role.name, { kind: "read", at, role });
  }

  /** Roles were changed from here, or may have been: each is read again when next asked for, except those just made. */
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
    // None may be forgotten while the survey is older: a new survey leaves few of them.
    if (this.entries > maxEntries) this.#survey = undefined;
  }
}

interface Known {
  readonly mark: string;
  readonly digest: string;
}

/** What is kept of a role; undefined for one without a mark. */
function knownOf(role: RoleState): Known | undefined {
  const mark = markOf(role);
  if (mark === undefined) return undefined;
  // IAM returns policies in any order.
  return { mark, digest: digestOf({ ...role, policies: role.policies.toSorted() }) };
}

/** Roles as last seen: reports which were changed by someone else, without storing them. */
export class KnownRoles {
  #known: Map<string, Known> | undefined;
  #names = new NamesByMark();

  /** Whether one carried this mark; undefined before the first look. */
  has(mark: string): boolean | undefined {
    return this.#known && this.#names.of(mark).size > 0;
  }

  get marks(): ReadonlySet<string> {
    return this.#names.marks;
  }

  /** A role that was read individually, as it is after a change from here. */
  read(name: string, role: RoleState | undefined): void {
    if (this.#known === undefined) return;
    const [before, known] = [this.#known.get(name), role === undefined ? undefined : knownOf(role)];
    if (before !== undefined) this.#names.delete(before.mark, name);
    this.#known.delete(name);
    if (known === undefined) return;
    this.#known.set(name, known);
    this.#names.add(known.mark, name);
  }

  /** All roles. Returns the marks of those that changed, are new, or are gone; none at the first look. */
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
    // The mark itself may have been changed by someone else.
    const marks = [...changed, ...gone].flatMap(([name, { mark }]) => [mark, before.get(name)?.mark ?? mark]);
    return new Set(marks);
  }
}
