import type { Programs } from "../build.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Program, Run } from "./run.ts";

/**
 * Starts what makes pods out of Jobs and gives them a node. Neither has a port of its own: that they work shows in
 * the API.
 */
export async function startWorkers(
  run: Run,
  plane: ControlPlane,
  programs: Programs,
): Promise<readonly Program[]> {
  const common = async (user: string): Promise<readonly string[]> => [
    `--kubeconfig=${await plane.kubeconfigFor(`system:${user}`)}`,
    "--leader-elect=false",
    "--secure-port=0",
  ];
  return Promise.all([
    run.start({
      name: "kube-controller-manager",
      command: programs["kube-controller-manager"],
      args: [
        ...(await common("kube-controller-manager")),
        // Each controller has rights of its own; the one user they share has few.
        "--use-service-account-credentials=true",
        // For the ConfigMap kube-root-ca.crt, which is in each pod's volume for the API server.
        `--root-ca-file=${run.write("root-ca.crt", plane.ca)}`,
      ],
    }),
    run.start({
      name: "kube-scheduler",
      command: programs["kube-scheduler"],
      args: await common("kube-scheduler"),
    }),
  ]);
}
