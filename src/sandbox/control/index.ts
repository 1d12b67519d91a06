export { controlApi } from "./api.ts";
export {
  type AccountConnection,
  type ControlCall,
  asker,
  type ConnectedClock,
  type ConnectedGoogle,
  type ConnectedIssuer,
  connectionBy,
  type ConnectionOptions,
  connectSandbox,
  type SandboxConnection,
} from "./connection.ts";
export type { ControlRoute } from "./route.ts";
export { controlRoutes } from "./routes.ts";
export { controlTokenOf } from "./token.ts";
