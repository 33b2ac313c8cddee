/*
 * A browser that looks at the page as one person does: their language, theme, device and login.
 * What always holds: everything that goes wrong unseen (an error or warning in the console, an
 * exception that nobody caught, an answer of 500 or more, a request to another host) fails the
 * test, unless the test said that it would come; nothing leaves this machine.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, onTestFinished, type RunnerTestCase } from "vitest";
import { translator, type Messages, type Translate } from "../src/i18n";
import type { Language } from "../src/lib/format";
import { Watcher } from "./watcher";

export type Device = "desktop" | "phone";

const DEVICES = {
	desktop: { viewport: { width: 1280, height: 800 } },
	phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} as const;

export interface VisitOptions {
	/** Who is logged in: the operator's token or one of `rcd_…`; absent: nobody. */
	token?: string;
	/** Path of the first page; null: none is opened. */
	path?: string | null;
	language?: Language;
	theme?: "light" | "dark";
	device?: Device;
	reducedMotion?: "reduce" | "no-preference";
	timezone?: string;
}

let browser: Promise<Browser> | null = null;

/* One browser for the file; each visit has its own cookies and store in it. */
function launch(): Promise<Browser> {
	browser ??= chromium.launch({
		executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
		headless: process.env["HEADED"] === undefined,
		slowMo: Number(process.env["SLOW_MO"] ?? 0),
		/* The sandbox cannot be had as root. */
		chromiumSandbox: process.getuid?.() !== 0,
		args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
	});
	return browser;
}

afterAll(async () => {
	const launched = browser;
	browser = null;
	await (await launched)?.close();
});

async function login(context: BrowserContext, url: string, token: string): Promise<void> {
	const answer = await context.request.post(`${url}/api/login`, {
		headers: { origin: url },
		data: { token },
	});
	if (!answer.ok()) throw new Error(`the login was answered ${answer.status()}: ${await answer.text()}`);
}

export class Visit {
	readonly #watcher: Watcher;
	readonly #pictures: string[] = [];
	#isDone = false;

	constructor(
		readonly url: string,
		readonly language: Language,
		readonly context: BrowserContext,
		readonly page: Page,
		watcher: Watcher,
	) {
		this.#watcher = watcher;
	}

	/** Opens a page of the server. */
	async goto(path: string): Promise<void> {
		await this.page.goto(this.url + path);
	}

	/** The texts of a table in the visitor's language. */
	texts<M extends Messages>(messages: M): Translate<M> {
		return translator(messages, this.language);
	}

	/** Something like this will go wrong, at least once; without that the test fails too. */
	expectProblem(like: RegExp): void {
		this.#watcher.expect(like);
	}

	/** What may go wrong, depending on the moment. */
	allowProblem(like: RegExp): void {
		this.#watcher.allow(like);
	}

	/** What went wrong so far, expected or not. */
	get problems(): readonly string[] {
		return this.#watcher.problems;
	}

	/**
	 * Closes the visit, and fails if anything went wrong that was not expected, or did not that
	 * was. Called at the end of the test unless the test did so itself.
	 */
	async done(): Promise<void> {
		if (this.#isDone) return;
		this.#isDone = true;
		await this.context.close();
		const { wrong } = this.#watcher;
		if (wrong.length > 0) throw new Error([...wrong, ...this.#pictures].join("\n"));
	}

	/** How the page looks, in a file that stays: where. Once the visit is done there is nothing to see. */
	async #picture(): Promise<string> {
		const path = join(await mkdtemp(join(tmpdir(), "recado-e2e-failed-")), "page.png");
		await this.page.screenshot({ path, timeout: 10_000 });
		return `the page when it failed, ${this.page.url()}: ${path}`;
	}

	/** At the end of its test: leaves a picture in the message if that failed, and is done. */
	async finish(task: Readonly<RunnerTestCase>): Promise<void> {
		const failures = task.result?.state === "fail" ? (task.result.errors ?? []) : [];
		if (!this.#isDone && failures.length + this.#watcher.wrong.length > 0)
			this.#pictures.push(await this.#picture().catch((e: unknown) => `no picture: ${String(e)}`));
		for (const error of failures) error.message = [error.message, ...this.#pictures].join("\n");
		await this.done();
	}
}

/**
 * A new visitor of the server at `url`, within one test: at its end the visit is closed, what
 * went wrong unseen fails it, and when it failed a picture of the page is left.
 */
export async function visit(url: string, options: VisitOptions = {}): Promise<Visit> {
	const { token, path = "/", language = "pt-BR", theme = "light", device = "desktop" } = options;
	const context = await (
		await launch()
	).newContext({
		...DEVICES[device],
		locale: language === "en" ? "en-US" : language,
		timezoneId: options.timezone ?? "America/Sao_Paulo",
		colorScheme: theme,
		reducedMotion: options.reducedMotion ?? "reduce",
	});
	const watcher = new Watcher(context, url);
	context.setDefaultTimeout(15_000);
	const page = await context.newPage();
	const made = new Visit(url, language, context, page, watcher);

	onTestFinished(({ task }) => made.finish(task));
	if (token !== undefined) await login(context, url, token);
	if (path !== null) await made.goto(path);
	return made;
}
