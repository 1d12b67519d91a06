import { paramsOf } from "./dispatch.ts";
import type { Call, Result, Service } from "./service.ts";
import type { RawRecord } from "./value.ts";

/**
 * Performs an operation without a request, signature, authorization or record; invalid parameters and conflicts are an
 * AwsError, as over the wire.
 */
export async function performHere(
  service: Service,
  operation: string,
  params: RawRecord,
  call: Omit<Call, "service" | "protocol" | "action">,
): Promise<Result> {
  const action = service.actions[operation];
  if (action === undefined) throw new TypeError(`${service.name} has no operation ${operation}`);
  const { name, protocol } = service;
  return action.run(paramsOf({ service, action, params }), {
    ...call,
    service: name,
    protocol,
    action: operation,
  });
}
