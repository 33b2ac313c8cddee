/*
 * With ENGINE=postgres a PostgreSQL is started for the whole run, and each world gets a database
 * of its own in it. It ends with the end of its standard input, so it never outlives the run.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
	export interface ProvidedContext {
		postgres: string | null;
	}
}

export const engine: "sqlite" | "postgres" = process.env["ENGINE"] === "postgres" ? "postgres" : "sqlite";

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
	if (engine !== "postgres") {
		project.provide("postgres", null);
		return undefined;
	}
	const program = process.env["PG_START"] ?? resolve(import.meta.dirname, "../../tests/lib/pg-start");
	const server = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
	const closed = once(server, "close");
	const first = await Promise.race([
		once(createInterface(server.stdout), "line"),
		closed.then(() => {
			throw new Error(`${program} ended before it said where its database is`);
		}),
	]);
	project.provide("postgres", String(first[0]));
	return async () => {
		server.stdin.end();
		await closed;
	};
}

/** A new, empty database on the server at `url`: its URL. */
export async function createDatabase(url: string, name: string): Promise<string> {
	const parts = /^postgresql:\/\/(\w+)@\/\w+\?host=([^&]+)&port=(\d+)$/.exec(url);
	if (parts === null) throw new Error(`not a URL of pg-start: ${url}`);
	const [, user = "", host = "", port = ""] = parts;
	await promisify(execFile)("createdb", ["-h", host, "-p", port, "-U", user, name]);
	return `postgresql://${user}@/${name}?host=${host}&port=${port}`;
}
