import { pythonVenv } from "./python-venv.ts";

/** moto's server, with what it imports for Route 53, STS and KMS: its extra `server` brings as much again for other services. */
export const motoVenv = pythonVenv("moto", "5.2.5", { also: ["flask==3.1.3", "flask-cors==6.0.5"] });
