/* The rubrics: a list by key, the versions of one with what changed between them, and the editor. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Script } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { diffLines } from "../../lib/diff";
import { number, type Language } from "../../lib/format";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import {
	Badge,
	Button,
	buttonClass,
	cx,
	Empty,
	ErrorState,
	FormError,
	Icon,
	Panel,
	Skeleton,
	Time,
	TableWrap,
	ui,
} from "../../ui";
import css from "./analysis.module.css";
import { texts } from "./messages";
import { ScriptEditor } from "./ScriptEditor";
import { useScripts, type ScriptFamily } from "./useScripts";

function topicsText(script: Script, language: Language): string {
	return script.topics.map((t) => `${t.label} [${t.key}] × ${number(language, t.weight, 6)}`).join("\n");
}

export function Diff({ before, after }: { before: string; after: string }) {
	const t = useT(texts);
	const lines = useMemo(() => diffLines(before, after), [before, after]);
	if (lines.every((l) => l.kind === "same")) return <p className={ui.muted}>{t("scripts.noDiff")}</p>;
	return (
		<div className={css.diff}>
			{lines.map((l, i) => (
				<div
					key={i}
					className={cx(
						css.diffLine,
						l.kind === "added" && css.added,
						l.kind === "removed" && css.removed,
					)}
				>
					<span aria-hidden="true">
						{l.kind === "added" ? "+" : l.kind === "removed" ? "−" : ""}
					</span>
					<span>
						{l.kind !== "same" && <span className="sr-only">{t(l.kind)}: </span>}
						{l.text}
					</span>
				</div>
			))}
		</div>
	);
}

function Family({ family }: { family: ScriptFamily }) {
	const t = useT(texts);
	const { slug } = useSession();
	const { language } = useLanguage();
	const search = useSearch();
	const [path, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const words = new URLSearchParams(search);
	const shown =
		family.versions.find((s) => String(s.version) === words.get("versao")) ?? family.versions[0];
	const against =
		family.versions.find((s) => String(s.version) === words.get("com")) ??
		family.versions.find((s) => s.version < (shown?.version ?? 0));
	const activate = useMutation({
		mutationFn: (version: number) =>
			api.post("/api/admin/{slug}/analysis-scripts/{scriptKey}/activate", {
				path: { slug, scriptKey: family.key },
				body: { version },
			}),
		onSuccess: (answer) => {
			say(t("scripts.activated", { n: answer.version }));
			void cache.invalidateQueries({ queryKey: keys.scripts(slug) });
			void cache.invalidateQueries({ queryKey: ["summary", slug] });
		},
	});
	if (shown === undefined) return null;
	const set = (name: string, value: string) => {
		words.set(name, value);
		navigate(`${path}?${words.toString()}`, { replace: true });
	};
	return (
		<>
			<div className={ui.pageHead}>
				<Link className={buttonClass()} href={`/${slug}/avaliacoes/roteiros`}>
					<Icon name="left" />
					{t("scripts.back")}
				</Link>
				<div className={ui.row}>
					<Link
						className={buttonClass()}
						href={`/${slug}/avaliacoes/roteiros/novo?de=${encodeURIComponent(family.key)}`}
					>
						{t("scripts.newVersion")}
					</Link>
					{family.active !== undefined && (
						<Link
							className={buttonClass("primary")}
							href={`/${slug}/avaliacoes/executar?roteiro=${encodeURIComponent(family.key)}`}
						>
							{t("none.action")}
						</Link>
					)}
				</div>
			</div>
			<Panel title={shown.name}>
				<div className={ui.stack}>
					<p className={cx(ui.small, ui.muted)}>{t("scripts.immutable")}</p>
					<div className={ui.row} role="group" aria-label={t("scripts.versions")}>
						{family.versions.map((s) => (
							<Button
								key={s.id}
								aria-pressed={s === shown}
								kind={s === shown ? "primary" : "plain"}
								onClick={() => set("versao", String(s.version))}
							>
								{t("version", { n: s.version })}
								{s.isActive && <Icon name="check" size={12} label={t("scripts.active")} />}
							</Button>
						))}
					</div>
					<div className={ui.row}>
						<Badge tone={shown.isActive ? "green" : "grey"}>
							{shown.isActive ? t("scripts.active") : t("scripts.inactive")}
						</Badge>
						<span className={cx(ui.small, ui.muted)}>
							<Time at={shown.createdAt} as="exact" />
						</span>
						{(!shown.isActive || family.active?.version !== shown.version) && (
							<Button
								onClick={() => activate.mutate(shown.version)}
								disabled={activate.isPending}
							>
								{t("scripts.activate")}
							</Button>
						)}
					</div>
					<FormError error={activate.error} />
					{shown.description !== null && <p>{shown.description}</p>}
					<h3>{t("scripts.topics")}</h3>
					{shown.topics.length === 0 ? (
						<p className={ui.muted}>{t("scripts.noTopics")}</p>
					) : (
						<div className={ui.row}>
							{shown.topics.map((x) => (
								<Badge key={x.key} tone="grey" icon={null}>
									{x.label} · {t("edit.weight")} {number(language, x.weight, 6)}
								</Badge>
							))}
						</div>
					)}
					<h3>{t("scripts.text")}</h3>
					<div className={css.prose}>{shown.scriptText}</div>
				</div>
			</Panel>
			{family.versions.length > 1 && against !== undefined && (
				<Panel
					title={t("scripts.diff")}
					action={
						<select
							className={ui.input}
							aria-label={t("scripts.diff")}
							value={against.version}
							onChange={(e) => set("com", e.target.value)}
						>
							{family.versions
								.filter((s) => s !== shown)
								.map((s) => (
									<option key={s.id} value={s.version}>
										{t("version", { n: s.version })}
									</option>
								))}
						</select>
					}
				>
					<div className={ui.stack}>
						<h3>{t("scripts.text")}</h3>
						<Diff before={against.scriptText} after={shown.scriptText} />
						<h3>{t("scripts.topics")}</h3>
						<Diff before={topicsText(against, language)} after={topicsText(shown, language)} />
					</div>
				</Panel>
			)}
		</>
	);
}

function List({ families }: { families: ScriptFamily[] }) {
	const t = useT(texts);
	const { slug } = useSession();
	const add = (
		<Link className={buttonClass("primary")} href={`/${slug}/avaliacoes/roteiros/novo`}>
			<Icon name="plus" />
			{t("scripts.new")}
		</Link>
	);
	if (families.length === 0)
		return (
			<Panel>
				<Empty title={t("scripts.empty")} action={add}>
					{t("empty.text")}
				</Empty>
			</Panel>
		);
	return (
		<Panel title={t("tab.scripts")} action={add}>
			<TableWrap label={t("tab.scripts")}>
				<table className={ui.table}>
					<thead>
						<tr>
							<th scope="col">{t("scripts.name")}</th>
							<th scope="col">{t("scripts.key")}</th>
							<th scope="col">{t("scripts.versions")}</th>
							<th scope="col">{t("scripts.changed")}</th>
						</tr>
					</thead>
					<tbody>
						{families.map((f) => (
							<tr key={f.key}>
								<td>
									<Link href={`/${slug}/avaliacoes/roteiros/${encodeURIComponent(f.key)}`}>
										{(f.active ?? f.versions[0])?.name}
									</Link>
								</td>
								<td>
									<code>{f.key}</code>
								</td>
								<td>
									{f.active === undefined ? (
										<Badge tone="grey">{t("scripts.noActive")}</Badge>
									) : (
										<Badge tone="green">
											{t("scripts.activeVersion", { n: f.active.version })}
										</Badge>
									)}{" "}
									<span className={ui.muted}>/ {f.versions.length}</span>
								</td>
								<td>
									<Time at={f.versions[0]?.updatedAt} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</TableWrap>
		</Panel>
	);
}

export function Scripts({ scriptKey }: { scriptKey: string | undefined }) {
	const t = useT(texts);
	const scripts = useScripts();
	const from = new URLSearchParams(useSearch()).get("de");
	if (scripts.isError)
		return (
			<Panel>
				<ErrorState error={scripts.error} retry={() => void scripts.refetch()} />
			</Panel>
		);
	if (scripts.data === undefined)
		return (
			<Panel>
				<Skeleton lines={6} />
			</Panel>
		);
	if (scriptKey === "novo") {
		const family = scripts.data.find((f) => f.key === from);
		return (
			<ScriptEditor
				key={from ?? ""}
				from={family?.active ?? family?.versions[0]}
				taken={scripts.data.map((f) => f.key)}
			/>
		);
	}
	if (scriptKey === undefined) return <List families={scripts.data} />;
	const family = scripts.data.find((f) => f.key === decodeURIComponent(scriptKey));
	return family === undefined ? (
		<Panel>
			<Empty title={t("scripts.empty")} />
		</Panel>
	) : (
		<Family family={family} />
	);
}
