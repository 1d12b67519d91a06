import { asSandboxError } from "./errors.ts";

type Call = (...given: unknown[]) => unknown;

/** Wrappers by the original objects, and the wrappers themselves. */
const shown = new WeakMap<object, object>();
const doors = new WeakSet<object>();

/** Plain objects with functions, and instances of our classes: not lists, bytes, dates, nor data-only objects. */
function hasCalls(value: object): boolean {
  if (Object.prototype.toString.call(value) !== "[object Object]") return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && prototype !== Object.prototype) return true;
  return Reflect.ownKeys(value).some(
    (key) => typeof Object.getOwnPropertyDescriptor(value, key)?.value === "function",
  );
}

function shownResult(result: unknown): unknown {
  if (typeof result !== "object" || result === null) return result;
  if (result instanceof Promise)
    return result.then(shownResult, (error: unknown) => {
      throw asSandboxError(error);
    });
  return hasCalls(result) ? shownObject(result) : result;
}

/** The object with the same members; its calls, and those of their results, throw only SandboxErrors. */
function shownObject(target: object): object {
  if (doors.has(target)) return target;
  const before = shown.get(target);
  if (before !== undefined) return before;
  const calls = new Map<PropertyKey, Call>();
  const made = new Proxy(target, {
    get(_, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return shownResult(member);
      const call =
        calls.get(key) ?? ((...given) => atDoor(() => Reflect.apply(member, target, given) as unknown));
      calls.set(key, call);
      return call;
    },
  });
  shown.set(target, made);
  doors.add(made);
  return made;
}

/**
 * Runs a call of the library. It throws and rejects only with SandboxErrors, and so do the calls of its result: of a
 * sandbox, its issuers, clocks and accounts.
 */
export function atDoor<Result>(act: () => Result): Result {
  try {
    return shownResult(act()) as Result;
  } catch (error) {
    throw asSandboxError(error);
  }
}
