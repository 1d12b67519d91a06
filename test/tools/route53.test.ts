/** DNS at Route 53 against moto of PyPI, which knows the wire and checks less than AWS does (test/support/strict-route53.ts). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { openAws, route53Dns } from "../../src/providers/aws/index.ts";
import type { DnsProvider } from "../../src/rules/dns/index.ts";
import { type DnsWorld, dnsProviderContract } from "../support/dns-provider-contract.ts";
import { freePort } from "../support/free-port.ts";
import { motoVenv } from "../support/moto.ts";
import { cleanAwsEnvironment } from "../support/python-venv.ts";
import { until } from "../support/until.ts";
import { stackOwner } from "../support/stack-owner.ts";

const missing = await motoVenv.missing();

const credentials = { accessKeyId: "testing", secretAccessKey: "testing" };
const region = "us-east-1";

if (missing === undefined) {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(motoVenv.program("moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
    env: cleanAwsEnvironment({}),
    stdio: "ignore",
  });
  after(async () => {
    server.kill();
    await once(server, "exit");
  });
  await until(
    "moto_server's answer",
    () =>
      fetch(`${endpoint}/moto-api/data.json`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { everyMs: 200 },
  );
  let worlds = 0;
  // Its threads do not wait for one another, where Route 53 makes one change of a zone after the other.
  dnsProviderContract("Route 53 at moto", makeWorld, { serial: true });

  async function makeWorld(): Promise<DnsWorld> {
    worlds += 1;
    const zone = `w${worlds}.example.com`;
    const client = new Route53Client({ region, endpoint, credentials });
    const made = await client.send(new CreateHostedZoneCommand({ Name: zone, CallerReference: zone }));
    const opened: DnsProvider[] = [];
    return {
      zone,
      as(stack) {
        const dns = route53Dns(openAws({ region, endpoint, credentials }), stackOwner(stack), "a test");
        opened.push(dns);
        return dns;
      },
      async foreign({ name, type, ttl, values }) {
        const ResourceRecords = values.map((value) => ({ Value: type === "TXT" ? `"${value}"` : value }));
        const ResourceRecordSet = { Name: name, Type: type, TTL: ttl, ResourceRecords };
        await client.send(
          new ChangeResourceRecordSetsCommand({
            HostedZoneId: made.HostedZone?.Id,
            ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet }] },
          }),
        );
      },
      close() {
        for (const dns of opened) dns.close();
        client.destroy();
        return Promise.resolve();
      },
    };
  }
}

if (missing !== undefined) test("Route 53 at moto", { skip: missing }, () => {});
