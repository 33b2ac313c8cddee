/*
 * A program of ours that runs beside the test. What always holds: it has exactly the environment
 * that it is given; it ends with the test's process, and when it ended badly its last words are in
 * the error.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { basename } from "node:path";
import { until } from "./waiting";

const KEPT = 8000;
const running = new Set<ChildProcess>();

process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

export interface ChildOptions {
	cwd: string;
	env?: Record<string, string>;
}

export class Child {
	readonly name: string;
	readonly #child: ChildProcess;
	readonly #ended: Promise<void>;
	#out = "";
	#err = "";
	#status: number | string | null = null;

	constructor(program: string, words: readonly string[], options: ChildOptions) {
		this.name = `${basename(program)} ${words[0] ?? ""}`.trim();
		this.#child = spawn(program, words, {
			cwd: options.cwd,
			env: { PATH: process.env["PATH"] ?? "", ...options.env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		running.add(this.#child);
		this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			this.#out = (this.#out + text).slice(-KEPT);
		});
		this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#err = (this.#err + text).slice(-KEPT);
		});
		this.#ended = new Promise((resolve) => {
			const end = (status: number | string) => {
				this.#status ??= status;
				running.delete(this.#child);
				resolve();
			};
			this.#child.on("error", (e) => end(e.message));
			this.#child.on("close", (code, signal) => end(code ?? signal ?? "no status"));
		});
	}

	/** What it printed; of much, the end. */
	get stdout(): string {
		return this.#out;
	}
	get stderr(): string {
		return this.#err;
	}
	get hasEnded(): boolean {
		return this.#status !== null;
	}

	/** The first line that it prints, as `listening on http://…`: what follows "listening on ". */
	async listening(): Promise<string> {
		return await until(`${this.name} says where it listens`, () => {
			if (this.hasEnded) throw new Error(this.#complaint());
			return /^listening on (\S+)$/m.exec(this.#out)?.[1];
		});
	}

	/** Its exit status, or the signal that ended it. */
	async ended(): Promise<number | string> {
		await this.#ended;
		return this.#status ?? "no status";
	}

	/** Ends by itself, with status 0. */
	async finished(): Promise<void> {
		if ((await this.ended()) !== 0) throw new Error(this.#complaint());
	}

	/** Asks it to end; it must do so by status 0 or by that signal. */
	async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
		const before = this.#status;
		if (before === null) this.#child.kill(signal);
		const status = await this.ended();
		if (status !== 0 && (before !== null || status !== signal)) throw new Error(this.#complaint());
	}

	#complaint(): string {
		return `${this.name} ended with ${String(this.#status)}: ${(this.#err + this.#out).slice(-2000)}`;
	}
}
