/** Histories in which something was wrong once. They are lived before the random ones, and show that what is planted is found. */
import { bindTo, grantsOf, type HistoryEvent, turnOf } from "./events.ts";

const web = turnOf("shop/web");
const evil = turnOf("evil/web");
const api = turnOf("shop/api");
const refused: HistoryEvent = { ...web, fates: ["refused", "refused"] };

/** At AWS a tenant announces roles that are never made, where a grant has few: who has one keeps it. */
export const announced: readonly HistoryEvent[] = [
  grantsOf([6], "default", 2),
  bindTo("evil/web", 0),
  evil,
  bindTo("shop/api", 0),
  api,
  ...[13, 14, 15].flatMap((spec): HistoryEvent[] => [bindTo("evil/web", spec), evil, api]),
];

/** At AWS an account leaves a trust in the edit that takes the grants away. */
export const leavingAccount: readonly HistoryEvent[] = [grantsOf([], "default", 1), web];

/** A tenant names a trust that is not there, so as to keep what it had. */
export const withoutTrust: readonly HistoryEvent[] = [bindTo("shop/web", 0, "none"), web];

/** At Google a member is left of a binding, and the next binding of that name has the same member in another pool. */
export const hiddenByAnother: readonly HistoryEvent[] = [
  { kind: "unbind", who: "shop/web" },
  refused,
  { kind: "wait", minutes: 2 },
  refused,
  bindTo("shop/web", 0, "second"),
  web,
  grantsOf([]),
];

/** A binding leaves a trust, which is deleted before the next look at what is left of its bindings. */
export const leftBehind: readonly HistoryEvent[] = [
  turnOf("default"),
  bindTo("shop/web", 0, "second"),
  web,
  { kind: "end-trust", name: "default" },
];

/** At Azure a tenant names as an existing identity the one that was made for another's binding. */
export const anothersIdentity: readonly HistoryEvent[] = [
  bindTo("shop/web", 4),
  web,
  web,
  bindTo("evil/web", 2),
  evil,
];

/** At Azure an identity loses the mark of its binding, and then its grant. */
export const strippedIdentity: readonly HistoryEvent[] = [
  bindTo("shop/web", 4),
  web,
  web,
  { kind: "deed", who: "shop/web", deed: "strip" },
  { kind: "wait", minutes: 5 },
  web,
  grantsOf([0], "default", 2),
  web,
  web,
];
