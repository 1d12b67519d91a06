import { defined } from "../../core/base/index.ts";
import { calling } from "./failure.ts";
import type { AwsSession } from "./session.ts";

/** A parameter to be kept in Parameter Store. */
export interface ParameterSpec {
  readonly name: string;
  readonly value: string;
  /** A SecureString instead of a String. */
  readonly secure?: boolean;
}

/** ssm:PutParameter (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html). */
export async function putParameter(
  session: AwsSession,
  spec: ParameterSpec,
  signal?: AbortSignal,
): Promise<void> {
  const { PutParameterCommand } = await import("@aws-sdk/client-ssm");
  const client = await session.ssm();
  const input = {
    Name: spec.name,
    Value: spec.value,
    Type: spec.secure === true ? "SecureString" : "String",
  } as const;
  await calling(`writing parameter ${spec.name}`, () =>
    client.send(new PutParameterCommand({ ...input, Overwrite: true }), defined({ abortSignal: signal })),
  );
}
