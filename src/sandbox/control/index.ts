export { controlApi } from "./api.ts";
export {
  type ConnectedIssuer,
  type ConnectionOptions,
  connectSandbox,
  type SandboxConnection,
} from "./connection.ts";
export { type ControlRoute, controlRoutes, issuerFaults } from "./routes.ts";
