/**
 * Histories by name, each of one thing that happens to a binding, a trust or a call: the same for every relying party. They
 * begin as all histories do, with shop/web that one grant of the trust `default` lets in.
 */
import { bindTo, type Change, grantsOf, type HistoryEvent, nowhere, type Turn, turnOf } from "./events.ts";
import type { CallFate, HistoryParty } from "./vendor.ts";

/** What a party's tables have for these scenarios, by index. */
export interface ScenarioSpecs {
  /** A grant that allows less of what shop/web has, or something else. */
  readonly smaller: number;
  /** Another thing that shop/web may ask for. */
  readonly other: number;
  /** A grant that allows what shop/web has, and something that it does not allow. */
  readonly beyond: { readonly grant: number; readonly spec: number };
  /** What the definition refuses. */
  readonly invalid: number;
  /** Where a trust has its bindings' things at first, and a place that lacks those. */
  readonly here: number;
  /** Undefined where the definition lets none leave. */
  readonly elsewhere?: number;
}

const web = turnOf("shop/web");
const api = turnOf("shop/api");
const trust = turnOf("default");
const unbind: Change = { kind: "unbind", who: "shop/web" };
const tear: Change = { kind: "tear", who: "shop/web" };
const endTrust: Change = { kind: "end-trust", name: "default" };
const restart: Change = { kind: "restart" };
const wait = (minutes: number): Change => ({ kind: "wait", minutes });

/** A turn in which the call of this number has a fate; those before it are done. */
const withFate = (call: number, fate: CallFate, of: Turn["of"] = "shop/api"): Turn => ({
  ...turnOf(of),
  fates: [...Array.from({ length: call }, (): CallFate => "done"), fate],
});
const amid = (turn: Turn, calls: number, change: Change): Turn => ({ ...turn, meanwhile: { calls, change } });

/** How many calls of a turn have each fate, one in each scenario. */
const calls = [0, 1];

export function scenariosOf(
  party: HistoryParty,
  { smaller, other, beyond, invalid, here, elsewhere }: ScenarioSpecs,
): Readonly<Record<string, readonly HistoryEvent[]>> {
  const all = Array.from({ length: party.grants }, (_, index) => index);
  const none = grantsOf([], "default", here);
  const less = grantsOf([smaller], "default", here);
  const back = grantsOf(all, "default", here);
  const bind = bindTo("shop/api", 0);
  const each = (fate: CallFate, ...then: readonly HistoryEvent[]) =>
    calls.map((call) => [
      `a new binding, whose call ${call + 1} is ${fate}`,
      [bind, withFate(call, fate), ...then, api],
    ]) as readonly (readonly [string, readonly HistoryEvent[]])[];
  return {
    "nothing happened": [web, trust],
    "the grant is gone": [none, web, web, trust],
    "the grant is gone, and the call that cuts is refused": [none, withFate(0, "refused", "shop/web"), web],
    "the grant is gone, and the call that cuts is lost": [none, withFate(0, "lost", "shop/web"), web],
    "the grant is smaller": [less, web, web],
    "the grant is gone and comes back": [none, web, back, web, web],
    ...(elsewhere === undefined
      ? {}
      : {
          "its place leaves the trust": [
            grantsOf(all, "default", elsewhere),
            web,
            trust,
            wait(11),
            web,
            trust,
          ],
          "its place leaves the trust with every grant": [grantsOf([], "default", elsewhere), web, trust],
        }),
    "the trust is absent": [bindTo("shop/web", 0, "none"), web],
    "the trust is invalid": [grantsOf(all, "default", nowhere), web, trust],
    "the trust ends": [endTrust, web, trust, unbind, web, trust],
    "the binding names another trust": [bindTo("shop/web", 0, "second"), web, web, trust],
    "the binding asks for something else": [bindTo("shop/web", other), web, web],
    "the binding is invalid": [bindTo("shop/web", invalid), web],
    "the binding is invalid, and the grant gone": [none, bindTo("shop/web", invalid), web],
    "the binding is refused": [
      grantsOf([beyond.grant], "default", here),
      bindTo("shop/web", beyond.spec),
      web,
    ],
    "the binding is refused, and the grant gone": [none, bindTo("shop/web", beyond.spec), web],
    "another ServiceAccount has it": [bind, api, unbind, web, api],
    "the binding is deleted": [unbind, web, trust],
    "the binding is deleted, and the call that removes is refused": [
      unbind,
      withFate(0, "refused", "shop/web"),
      web,
    ],
    "the binding is deleted in the middle of its first turn": [
      bind,
      amid(api, 0, { kind: "unbind", who: "shop/api" }),
      api,
    ],
    "its finalizer is taken away": [tear, trust, wait(6), trust, wait(6), trust],
    ...Object.fromEntries(each("refused")),
    ...Object.fromEntries(each("throttled")),
    ...Object.fromEntries(each("lost")),
    ...Object.fromEntries(each("late")),
    ...Object.fromEntries(each("stopped", restart)),
    "somebody writes to the binding in its first turn": [
      bind,
      amid(api, 0, { kind: "touch", who: "shop/api" }),
      api,
    ],
    "the lease is lost before the first call": [bind, { ...api, held: 0 }, api],
    "the lease is lost before the second call": [bind, { ...api, held: 1 }, api],
    "the process is another one": [restart, web, trust],
  };
}
