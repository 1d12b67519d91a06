/** What `npm run test:k3s` does to a running cluster, done to one API server of kubeadm's form, which can be had here. */
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { adoptAndRotate } from "../../k3s/live-cluster.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { type ControlPlaneMachines, machinesLeftOut, startMachines } from "./machines.ts";

const issuer = "https://oidc.example.com";

describe("the commands that npm run test:k3s gives", { skip: machinesLeftOut(), timeout: 900_000 }, () => {
  let world: ControlPlaneMachines;
  before(async () => {
    world = await startMachines({ names: ["cp-1"], issuers: [issuer] });
    for (const namespace of ["default", "kube-system"]) {
      const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      await world.machines[0]?.ask(path, { method: "POST", body });
    }
  });
  after(() => world?.stop());

  test("adopt a cluster, take it back, adopt it again and rotate its key, and no token is refused", async () => {
    const [, servers = ""] = /^servers: \[(.*)\]$/u.exec(world.serversText) ?? [];
    const { folder, kubeconfig } = world;
    const env = { ...homeEnvironment(folder), NODE_NO_WARNINGS: "1" };
    await adoptAndRotate({ folder: join(folder, "adopted"), env, kubeconfig, servers, issuer });
  });
});
