/** What a watch of the API server shows of bindings and trusts: every state of their conditions, in order. */
import {
  type JsonRecord,
  recordOf,
  recordsOf,
  silentLogger,
  systemClock,
  textOf,
} from "../../../src/core/base/index.ts";
import { type KubernetesApi, Mirror } from "../../../src/providers/kubernetes/index.ts";
import { type BoundKind, partyNames } from "../../../src/rules/bindings/index.ts";

const kinds: readonly BoundKind[] = Object.values(partyNames).flatMap(({ binding, trust }) => [
  binding.kind,
  trust.kind,
]);

/** `KIND NAMESPACE/NAME` of an object. */
export function titleOf({ kind, metadata }: JsonRecord): string {
  const { namespace, name } = recordOf(metadata);
  return [textOf(kind), [textOf(namespace), textOf(name)].filter((one) => one !== undefined).join("/")].join(
    " ",
  );
}

/** `Ready=True StsAccepted, …` */
function conditionsOf(object: JsonRecord): string {
  const conditions = recordsOf(recordOf(object["status"])["conditions"]);
  return conditions
    .map((one) => `${textOf(one["type"])}=${textOf(one["status"])} ${textOf(one["reason"])}`)
    .join(", ");
}

/** Follows all bindings and trusts of every relying party until it is closed. */
export class StatusJournal {
  readonly #states = new Map<string, string[]>();
  readonly #last = new Map<string, JsonRecord>();
  readonly #end = new AbortController();
  readonly #runs: readonly Promise<unknown>[];

  constructor(api: KubernetesApi) {
    this.#runs = kinds.map((kind) =>
      new Mirror<true>({
        api,
        kind,
        keep: (object) => this.#sees({ kind, ...object }),
        indexes: {},
        clock: systemClock,
        logger: silentLogger,
      })
        .run(this.#end.signal)
        .catch(() => {}),
    );
  }

  #sees(object: JsonRecord): true {
    const title = titleOf(object);
    const states = this.#states.get(title) ?? [];
    const now = conditionsOf(object);
    if (states.at(-1) !== now) states.push(now);
    this.#states.set(title, states);
    this.#last.set(title, recordOf(object["status"]));
    return true;
  }

  /** The conditions of an object as they were last seen. */
  last(title: string): string {
    return this.#states.get(title)?.at(-1) ?? "";
  }

  /** Its status as it was last seen. */
  status(title: string): JsonRecord {
    return this.#last.get(title) ?? {};
  }

  /** Forgets all states but the last of each. */
  beginAnew(): void {
    for (const [title, states] of this.#states) this.#states.set(title, states.slice(-1));
  }

  /** Everything in which one was not Ready since. */
  get notReady(): readonly string[] {
    return [...this.#states].flatMap(([title, states]) =>
      states.filter((one) => !/\bReady=True /u.test(one)).map((one) => `${title}: ${one}`),
    );
  }

  /** All states by object. */
  get all(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(this.#states);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#runs);
  }
}
