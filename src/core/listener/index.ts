export { BodyRefused } from "./body.ts";
export type { Connection, EndReason, Protocol, ConnectionStage } from "./connection.ts";
export { Connections, type ConnectionsTools, type ConnectionTallies, gate } from "./connections.ts";
export type { Exchange, ExchangeBounds } from "./exchange.ts";
export { giveBackMemory } from "./garbage.ts";
export { type ConnectionLimits, localLimits } from "./limits.ts";
export { bound, boundOptions, type BoundServer, type ServerLimits } from "./server.ts";
