import { errorFromJson, errorText, PodtrustError } from "../../core/base/index.ts";

type Call = (...given: never[]) => unknown;

/** Makes a call to the other side; rejects with what that throws there. */
export type Ask<Theirs> = <Name extends keyof Theirs & string>(
  call: Name,
  ...given: Theirs[Name] extends (...given: infer Given) => unknown ? Given : never
) => Promise<Theirs[Name] extends (...given: never[]) => infer Value ? Awaited<Value> : never>;

/** A thrown value in a message: for error classes, those that callers distinguish. */
type Thrown =
  | { readonly podtrust: ReturnType<PodtrustError["toJSON"]> }
  | { readonly type: string }
  | { readonly other: string };

interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly given: readonly unknown[];
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: Thrown };

/** A call, or the answer to one of the other side's. */
export type Message = CallMessage | Answer;

function carried(error: unknown): Thrown {
  if (error instanceof PodtrustError) return { podtrust: error.toJSON() };
  return error instanceof TypeError ? { type: error.message } : { other: errorText(error) };
}

function thrown(said: Thrown): Error {
  if ("type" in said) return new TypeError(said.type);
  const error = "podtrust" in said ? errorFromJson(madeHere(said.podtrust)) : new Error(said.other);
  return (
    error ?? new PodtrustError("sandbox-process-ended", "the other process is of another version of podtrust")
  );
}

function isPlain(data: unknown): data is object {
  if (typeof data !== "object" || data === null) return false;
  const prototype = Object.getPrototypeOf(data) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The same lists and plain objects, recreated here. IPC delivers instances of Node's own classes, and if a test runner
 * gives each test file its own classes (Jest), such a list is not deeply equal to the test's.
 */
function madeHere(data: unknown): unknown {
  if (Array.isArray(data)) return Array.from(data, madeHere);
  if (!isPlain(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, madeHere(value)]));
}

/** One side of a channel over which two processes call each other. */
export class Calls<Theirs> {
  readonly #send: (message: Message) => void;
  readonly #ours = new Map<string, Call>();
  /** The waiting callers by call number, or the reason why calls are impossible. */
  readonly #waiting = new Map<number, (answer: Answer | (() => Error)) => void>();
  #asked = 0;
  #ended: (() => Error) | undefined;

  /** `send` throws for values that no message can carry; messages to an ended process are lost. */
  constructor(send: (message: Message) => void) {
    this.#send = send;
  }

  /** From now on the other side may call these functions, by their names. */
  serve(calls: object): void {
    for (const [name, call] of Object.entries(calls) as [string, Call][]) this.#ours.set(name, call);
  }

  /** Calls the other side; rejects with `usage` for values that no message can carry. */
  readonly ask: Ask<Theirs> = async (call, ...given) => {
    const answer = await this.#answerTo(call, given);
    // Made here and not on the message's arrival, so that the stack shows the caller.
    if (typeof answer === "function") throw answer();
    if ("error" in answer) throw thrown(answer.error);
    return madeHere(answer.value) as never;
  };

  /** Handles a message of the other side. */
  hear(message: Message): void {
    if ("call" in message) return void this.#answer(message);
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
    return undefined;
  }

  /** The other side is gone: waiting calls are rejected with this, and so are all later ones. */
  end(error: () => Error): void {
    this.#ended = error;
    for (const resolve of this.#waiting.values()) resolve(error);
    this.#waiting.clear();
  }

  #answerTo(call: string, given: readonly unknown[]): Promise<Answer | (() => Error)> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    const id = (this.#asked += 1);
    try {
      this.#send({ id, call, given });
    } catch (error) {
      const sentence = `${call} was given what no other process can be given: ${errorText(error)}`;
      throw new PodtrustError("usage", sentence, { cause: error });
    }
    return new Promise((resolve) => void this.#waiting.set(id, resolve));
  }

  async #answer({ id, call, given }: CallMessage): Promise<void> {
    try {
      const ours = this.#ours.get(call);
      if (ours === undefined) throw new TypeError(`there is no call ${call}`);
      this.#send({ id, value: await ours(...(given as never[])) });
    } catch (error) {
      this.#send({ id, error: carried(error) });
    }
  }
}

/** The same members, whose calls all return promises. */
export type Promised<T> = {
  readonly [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Value
    ? (...given: Given) => Promise<Awaited<Value>>
    : T[Name];
};
