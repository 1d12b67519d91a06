export { AccessTokenCache, type IssuedToken } from "./access-token-cache.ts";
export { apiBase, mayGetCredential } from "./api-base.ts";
export { type ApiAccess, ApiClient } from "./api-client.ts";
export { ApiRetry, type OnApiWait, type Throttle } from "./api-retry.ts";
export {
  type ApiCall,
  apiError,
  ApiRefusal,
  ApiUnanswered,
  type ApiVendor,
  invalidAnswer,
  isRefusedWith,
} from "./api-vendor.ts";
export { type PresentedCertificate, type TlsFacts } from "./chain.ts";
export { ConnectionPool } from "./connections.ts";
export { type ConnectTo, connectTarget, parseConnectTo } from "./connect-to.ts";
export { egressProxy, egressProxyPort } from "./egress.ts";
export { hostAllowed, oneHost } from "./host-check.ts";
export type { MayConnect } from "./judged-lookup.ts";
export { isLoopback } from "./loopback.ts";
export {
  type ConnectionAttempt,
  type ExchangeTrace,
  ExchangeObserver,
  type ExchangeTiming,
} from "./exchange.ts";
export {
  type HttpOptions,
  type HttpResponse,
  type HttpStream,
  receive,
  type ReceiveOptions,
  request,
} from "./request.ts";
export { jsonBody, jsonOf } from "./json.ts";
export { saidWords } from "./said.ts";
export { askTokenService, type TokenGrant } from "./token-service.ts";
export { EgressAgent } from "./tunnel.ts";
export { egressProxyOf } from "./way.ts";
