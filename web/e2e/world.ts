/*
 * A Recado of the test's own: the real program on a scratch database, and round it the simulated
 * outside (Meta, a helpdesk, a model). What always holds: its settings are exactly those that are
 * given here; nothing of it is left when it was disposed of; a server that ended badly fails the test.
 */
import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import {
	addressOf,
	type Answer,
	type CallOptions,
	type Method,
	type Operation,
	type PathOf,
} from "../src/api/client";
import type { Client, Connection, Job, Role } from "../src/api/types";
import { Child } from "./child";
import { createDatabase, engine } from "./postgres";
import { until } from "./waiting";

const build = resolve(import.meta.dirname, "../../build");
const RECADO = process.env["RECADO"] ?? join(build, "recado");
const RECADO_SIM = process.env["RECADO_SIM"] ?? join(build, "recado-sim");

/** Options of `recado-sim` without their dashes (`chunkMessages` is --chunk-messages). */
export type SimOptions = Record<string, string | number | true>;

export interface WorldOptions {
	/** Settings beside, or instead of, the usual ones; null takes one away. */
	settings?: Record<string, string | null>;
	/** A simulated model server, which the server is told of. */
	model?: SimOptions;
	/** A simulated Graph API, which the server is told of, and which delivers its webhooks. */
	graph?: SimOptions;
}

/** What the world knows of a number that it connected. */
export interface Number {
	id: string;
	clientSlug: string;
	phoneNumberId: string;
	wabaId: string;
	/** Digits. */
	displayNumber: string;
}

export interface RawAnswer {
	status: number;
	headers: Headers;
	/** JSON where it is; else text. */
	body: unknown;
}

/* Waits for the server's writes, as the server waits for this one. */
const SQLITE = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.executescript(sys.argv[2])
`;

function lineOf(number: Number): SimOptions {
	return { phoneNumberId: number.phoneNumberId, waba: number.wabaId, displayNumber: number.displayNumber };
}

function words(options: SimOptions): string[] {
	return Object.entries(options).flatMap(([name, value]) => {
		const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
		return value === true ? [flag] : [flag, String(value)];
	});
}

const APP_ID = "4711";

export class World {
	/** Where the server listens, now and after a restart. */
	url = "";
	readonly adminToken = randomBytes(24).toString("hex");
	readonly appSecret = randomBytes(16).toString("hex");
	readonly verifyToken = randomBytes(16).toString("hex");
	/** The plain simulators' key. */
	readonly simKey = randomBytes(16).toString("hex");
	#settings: Record<string, string> = {};
	#server: Child | null = null;
	readonly #sims: Child[] = [];
	#numbers = 0;
	#graph = "";

	private constructor(
		/** Working directory of the server: its database, if SQLite, and its media. */
		readonly directory: string,
	) {}

	static async start(options: WorldOptions = {}): Promise<World> {
		const world = new World(await mkdtemp(join(tmpdir(), "recado-e2e-")));
		try {
			await world.#prepare(options);
			await world.start();
			if (options.graph !== undefined)
				await world.graph("deliver", { url: world.url, secret: world.appSecret });
		} catch (e) {
			await world.dispose();
			throw e;
		}
		return world;
	}

	async #prepare({ settings = {}, model, graph }: WorldOptions): Promise<void> {
		this.#settings = {
			DATABASE_URL: await this.#database(),
			HOST: "127.0.0.1",
			PORT: "0",
			ADMIN_TOKEN: this.adminToken,
			SECRET_KEY: randomBytes(32).toString("base64"),
			META_APP_SECRET: this.appSecret,
			META_VERIFY_TOKEN: this.verifyToken,
			META_GRAPH_URL: "http://127.0.0.1:9", // nobody: the real one is never asked
			IMPORT_START_AT: "2020-01-01T00:00:00.000Z",
			EXTERNAL_API_REQUESTS_PER_MINUTE: "6000",
		};
		if (model !== undefined)
			Object.assign(this.#settings, {
				OPENAI_BASE_URL: `${await this.sim.model(model)}/v1`,
				OPENAI_API_KEY: this.simKey,
				OPENAI_PRICES: "0.25,0.025,2",
			});
		if (graph !== undefined) {
			this.#graph = await this.sim.graph(graph);
			Object.assign(this.#settings, {
				META_APP_ID: APP_ID,
				META_CONFIG_ID: "1234567890",
				META_GRAPH_URL: `${this.#graph}/v24.0`,
			});
		}
		this.change(settings);
	}

	/** A control of the simulated Graph API (`POST /__sim/…`). */
	async graph(control: string, body: object = {}): Promise<Record<string, unknown>> {
		const answer = await fetch(`${this.#graph}/__sim/${control}`, {
			method: "POST",
			body: JSON.stringify(body),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${control}: ${answer.status} ${text}`);
		return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
	}

	/** Makes a connection of ours one that the simulated Meta knows and lets send. */
	async letSend(number: Number): Promise<void> {
		await this.graph("number", {
			wabaId: number.wabaId,
			phoneNumberId: number.phoneNumberId,
			displayPhoneNumber: `+${number.displayNumber}`,
			onBizApp: true,
		});
		const token = String((await this.graph("token", { wabaId: number.wabaId }))["token"]);
		const subscribed = await fetch(`${this.#graph}/v24.0/${number.wabaId}/subscribed_apps`, {
			method: "POST",
			headers: { authorization: `Bearer ${token}` },
		});
		if (!subscribed.ok) throw new Error(`not subscribed: ${await subscribed.text()}`);
		await this.api("patch", "/api/connections/{id}", {
			path: { id: number.id },
			body: { accessToken: token },
		});
	}

	/** What it noted: counts, and whatever was not asked as it should be. */
	async graphStats(): Promise<Record<string, unknown>> {
		return (await (await fetch(`${this.#graph}/__sim/stats`)).json()) as Record<string, unknown>;
	}

	async #database(): Promise<string> {
		const server = inject("postgres");
		if (engine === "sqlite" || server === null) return "sqlite:recado.db";
		return await createDatabase(server, `w${randomBytes(8).toString("hex")}`);
	}

	/** Settings for the next start; null takes one away. */
	change(settings: Record<string, string | null>): void {
		for (const [name, value] of Object.entries(settings))
			if (value === null) Reflect.deleteProperty(this.#settings, name);
			else this.#settings[name] = value;
	}

	/** Starts the server, on the port that it had before if it was stopped. */
	async start(): Promise<void> {
		this.#server = new Child(RECADO, ["serve"], { cwd: this.directory, env: this.#settings });
		this.url = await this.#server.listening();
		this.#settings["PORT"] = new URL(this.url).port;
	}

	/** Stops it: in order, or (`SIGKILL`) as in a crash. */
	async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
		const server = this.#server;
		this.#server = null;
		await server?.stop(signal);
	}

	async restart(settings: Record<string, string | null> = {}): Promise<void> {
		await this.stop();
		this.change(settings);
		await this.start();
	}

	/** The end of the server's log. */
	get log(): string {
		return this.#server?.stderr ?? "";
	}

	async dispose(): Promise<void> {
		try {
			await Promise.all(this.#sims.filter((s) => !s.hasEnded).map((s) => s.stop("SIGKILL")));
			await this.stop();
		} finally {
			await rm(this.directory, { recursive: true, force: true });
		}
	}

	/** A `recado` command on the same settings and database, beside the server if that runs. */
	async recado(...command: string[]): Promise<{ status: number | string; stdout: string; stderr: string }> {
		const child = new Child(RECADO, command, { cwd: this.directory, env: this.#settings });
		const status = await child.ended();
		return { status, stdout: child.stdout, stderr: child.stderr };
	}

	/** Any call at all, by default as the operator; `token` another's, or null nobody's. */
	async request(
		method: string,
		path: string,
		{ body, token }: { body?: unknown; token?: string | null } = {},
	): Promise<RawAnswer> {
		const headers: Record<string, string> = {};
		if (token === undefined) headers["x-admin-token"] = this.adminToken;
		else if (token !== null) headers["authorization"] = `Bearer ${token}`;
		if (body !== undefined) headers["content-type"] = "application/json";
		const answer = await fetch(this.url + path, {
			method: method.toUpperCase(),
			headers,
			redirect: "manual",
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await answer.text();
		const json = answer.headers.get("content-type")?.includes("json") === true && text !== "";
		return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
	}

	/** A call as the operator that must succeed, typed by the OpenAPI document. */
	async api<M extends Method, P extends PathOf<M>>(
		method: M,
		route: P,
		options: CallOptions<Operation<P, M>> = {},
	): Promise<Answer<P, M>> {
		const path = addressOf(route, options.path, options.query);
		const answer = await this.request(method, path, { body: options.body });
		if (answer.status < 200 || answer.status > 299)
			throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
		return answer.body as Answer<P, M>;
	}

	/** Adds a client. */
	async client(slug: string, name = slug): Promise<Client> {
		return (await this.api("post", "/api/clients", { body: { slug, name } })).client;
	}

	/** The secret of a new token. */
	async createToken(of: { role: Exclude<Role, "operator">; clientSlug?: string }): Promise<string> {
		const body = { name: `test ${of.role}`, role: of.role, clientSlug: of.clientSlug ?? null };
		return (await this.api("post", "/api/tokens", { body })).secret;
	}

	/** An address that logs in as the operator, once. */
	async loginLink(): Promise<string> {
		return (await this.api("post", "/api/login-links")).url;
	}

	/** Connects a new number of the client, by default one in Coexistence that asks for its history. */
	async connection(
		clientSlug: string,
		{
			mode = "coexistence",
			historySync = true,
		}: { mode?: "coexistence" | "cloud_api"; historySync?: boolean } = {},
	): Promise<Number> {
		const n = ++this.#numbers;
		const phoneNumberId = String(100200300400500 + n);
		const wabaId = String(900800700600500 + n);
		const displayNumber = String(551130000000 + n);
		const made = await this.api("post", "/api/clients/{slug}/connections", {
			path: { slug: clientSlug },
			body: {
				kind: "whatsapp",
				mode,
				phoneNumberId,
				wabaId,
				displayPhoneNumber: `+${displayNumber}`,
				historySync,
			},
		});
		return { id: made.connection.id, clientSlug, phoneNumberId, wabaId, displayNumber };
	}

	/** The connection's document. */
	async look(number: Number): Promise<Connection> {
		return (await this.api("get", "/api/connections/{id}", { path: { id: number.id } })).connection;
	}

	/** Delivers a webhook body as Meta does, signed; it must be taken. */
	async postWebhook(body: unknown): Promise<void> {
		const text = typeof body === "string" ? body : JSON.stringify(body);
		const mac = createHmac("sha256", this.appSecret).update(text).digest("hex");
		const answer = await fetch(`${this.url}/webhooks/whatsapp`, {
			method: "POST",
			headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${mac}` },
			body: text,
		});
		if (answer.status !== 200)
			throw new Error(`the webhook was answered ${answer.status}: ${await answer.text()}`);
	}

	/**
	 * The webhook bodies of a number in the order Meta would send them, to be delivered one by one
	 * (`postWebhook`) by a test that looks at what each of them does. Options as those of `sim.meta`.
	 */
	async bodies(number: Number, options: SimOptions): Promise<string[]> {
		const out = await mkdtemp(join(this.directory, "bodies-"));
		const made = this.#sim("bodies", { out, ...lineOf(number), seed: 7, ...options });
		await made.finished();
		const files = (await readdir(out)).filter((name) => name.endsWith(".json")).sort();
		return await Promise.all(files.map((name) => readFile(join(out, name), "utf8")));
	}

	/**
	 * Changes the database behind the server's back, for what only time or a broken disk would do.
	 * One text for both engines.
	 */
	async sql(text: string): Promise<void> {
		const url = this.#settings["DATABASE_URL"] ?? "";
		const command =
			engine === "sqlite"
				? ["python3", "-c", SQLITE, join(this.directory, url.slice("sqlite:".length)), text]
				: ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", text, url];
		await promisify(execFile)(command[0] ?? "", command.slice(1));
	}

	/** Everything that was delivered so far is applied, or refused for good. */
	async applied({ seconds = 60 }: { seconds?: number } = {}): Promise<void> {
		await until(
			"no webhook of the journal is left to apply",
			async () => {
				const waiting = await this.api("get", "/api/webhook-events", {
					query: { status: "received", limit: 1 },
				});
				return waiting.data.length === 0;
			},
			{ seconds },
		);
	}

	/** The job at its end, whatever that is. */
	async jobEnded(id: string, { seconds = 60 }: { seconds?: number } = {}): Promise<Job> {
		let last: Job | undefined;
		return await until(
			`job ${id} ends`,
			async () => {
				const { job } = await this.api("get", "/api/jobs/{id}", { path: { id } });
				last = job;
				return job.status === "queued" || job.status === "running" ? null : job;
			},
			{ seconds, seen: () => last },
		);
	}

	/** The simulated outside. Each runs until it has nothing left to say, is stopped, or the world ends. */
	readonly sim = {
		/**
		 * Meta's webhooks of a number: `only` (contacts, history, late, live …), `messages`,
		 * `people`, `rate` (bodies a second) …; `finished()` of what it answers waits for its end.
		 */
		meta: (number: Number, options: SimOptions = {}): Child => {
			return this.#sim("meta", {
				url: this.url,
				secret: this.appSecret,
				...lineOf(number),
				seed: 7,
				...options,
			});
		},
		/** A helpdesk, which the client is told of: its address. */
		helpdesk: async (clientSlug: string, options: SimOptions = {}): Promise<string> => {
			const desk = this.#sim("helpdesk", { seed: 7, live: 0, apiKey: this.simKey, ...options });
			const apiBaseUrl = await desk.listening();
			await this.api("patch", "/api/clients/{slug}", {
				path: { slug: clientSlug },
				body: { apiBaseUrl, apiKey: this.simKey },
			});
			return apiBaseUrl;
		},
		/** A Graph API: its address. */
		graph: async (options: SimOptions = {}): Promise<string> => {
			return await this.#sim("graph", {
				seed: 7,
				appId: APP_ID,
				secret: this.appSecret,
				...options,
			}).listening();
		},
		/** A model server: its address. `World.start({ model })` also tells the server of it. */
		model: async (options: SimOptions = {}): Promise<string> => {
			return await this.#sim("model", { seed: 7, apiKey: this.simKey, ...options }).listening();
		},
	};

	#sim(command: string, options: SimOptions): Child {
		const child = new Child(RECADO_SIM, [command, ...words(options)], { cwd: this.directory });
		this.#sims.push(child);
		return child;
	}
}
