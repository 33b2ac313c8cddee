/*
 * Writes a new script, or a new version of one. What always holds: a version that exists is never
 * changed; what was written stays, also while one looks at another page, until it is saved or one
 * says that it should not.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type SyntheticEvent } from "react";
import { Link, useLocation } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Script } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { faultsOf, typed, weightOf, type TopicLine } from "../../lib/script";
import type { Language } from "../../lib/format";
import { slugOf } from "../../lib/slug";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, buttonClass, Check, Field, FormError, Notice, Panel, ui } from "../../ui";
import css from "./analysis.module.css";
import { texts } from "./messages";
import { TopicLines } from "./TopicLines";

interface Draft {
	name: string;
	/** Null: follows from the name. */
	key: string | null;
	description: string;
	text: string;
	isActive: boolean;
	topics: TopicLine[];
}

/* By client and by the version that it began with, until the page is left. */
const drafts = new Map<string, Draft>();

function draftOf(from: Script | undefined, language: Language): Draft {
	return {
		name: from?.name ?? "",
		key: from?.scriptKey ?? null,
		description: from?.description ?? "",
		text: from?.scriptText ?? "",
		isActive: true,
		topics:
			from?.topics.map((x, id) => ({ ...x, weight: typed(language, x.weight), id, fixed: true })) ?? [],
	};
}

export function ScriptEditor({ from, taken }: { from: Script | undefined; taken: string[] }) {
	const t = useT(texts);
	const { language } = useLanguage();
	const { slug } = useSession();
	const [, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const form = useRef<HTMLFormElement>(null);
	const place = `${slug}/${from?.id ?? ""}`;
	const [fresh] = useState(() => draftOf(from, language));
	const [restored, setRestored] = useState(drafts.has(place));
	const [draft, setDraft] = useState(() => drafts.get(place) ?? fresh);
	const change = (to: Partial<Draft>) => {
		const next = { ...draft, ...to };
		drafts.set(place, next);
		setDraft(next);
	};
	const discard = () => {
		drafts.delete(place);
		setRestored(false);
		setDraft(fresh);
	};
	const { name, key, description, text, isActive, topics } = draft;
	/* What is wrong is said once one has tried, and from then on as one types. */
	const [tries, setTries] = useState(0);
	const tried = tries > 0;
	const scriptKey = key ?? slugOf(name);
	const back = `/${slug}/avaliacoes/roteiros${from === undefined ? "" : `/${encodeURIComponent(from.scriptKey)}`}`;
	const save = useMutation({
		mutationFn: async () => {
			const script = await api.post("/api/admin/{slug}/analysis-scripts", {
				path: { slug },
				body: {
					scriptKey,
					name: name.trim(),
					scriptText: text,
					description: description.trim() === "" ? null : description.trim(),
					topics: topics.map((x) => ({
						key: x.key,
						label: x.label.trim(),
						weight: weightOf(x.weight),
					})),
					isActive: false,
				},
			});
			/* It is stored by now: that it could not be put into use must not have it stored twice. */
			const notInUse = isActive
				? await api
						.post("/api/admin/{slug}/analysis-scripts/{scriptKey}/activate", {
							path: { slug, scriptKey },
							body: { version: script.version },
						})
						.then(
							() => false,
							() => true,
						)
				: false;
			return { script, notInUse };
		},
		onSuccess: ({ script, notInUse }) => {
			drafts.delete(place);
			say(t(notInUse ? "edit.notInUse" : "edit.saved", { n: script.version }), notInUse);
			void cache.invalidateQueries({ queryKey: keys.scripts(slug) });
			navigate(
				`/${slug}/avaliacoes/roteiros/${encodeURIComponent(script.scriptKey)}?versao=${script.version}`,
			);
		},
	});
	const found = faultsOf({ name, key: scriptKey, text, topics }, from === undefined ? taken : []);
	const faults = tried ? found : { topics: [], count: 0 };
	const wrong = (fault: keyof typeof texts | undefined) => (fault === undefined ? undefined : t(fault));
	/* A version can never be taken back: only the button saves one. */
	const stay = (e: KeyboardEvent<HTMLElement>) => {
		if (e.key === "Enter" && e.target instanceof HTMLInputElement) e.preventDefault();
	};
	const submit = (e: SyntheticEvent) => {
		e.preventDefault();
		setTries(tries + 1);
		if (found.count === 0) save.mutate();
	};
	useLayoutEffect(() => {
		if (tries > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
	}, [tries]);
	return (
		<Panel title={from === undefined ? t("edit.title") : t("edit.version", { name: from.name })}>
			{/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
			<form ref={form} className={ui.stack} noValidate onSubmit={submit} onKeyDown={stay}>
				{restored && (
					<Notice tone="blue" action={<Button onClick={discard}>{t("edit.discard")}</Button>}>
						{t("edit.restored")}
					</Notice>
				)}
				<div className={css.form}>
					<Field label={t("scripts.name")} hint={t("edit.name.hint")} error={wrong(faults.name)}>
						{(ids) => (
							<input
								{...ids}
								maxLength={200}
								value={name}
								onChange={(e) => change({ name: e.target.value })}
								autoFocus
							/>
						)}
					</Field>
					<Field
						label={t("scripts.key")}
						hint={t("edit.key.hint")}
						error={wrong(found.key === "edit.key.taken" ? found.key : faults.key)}
					>
						{(ids) => (
							<input
								{...ids}
								maxLength={128}
								value={scriptKey}
								disabled={from !== undefined}
								onChange={(e) => change({ key: e.target.value })}
							/>
						)}
					</Field>
				</div>
				<Field label={t("edit.description")}>
					{(ids) => (
						<input
							{...ids}
							maxLength={2000}
							value={description}
							onChange={(e) => change({ description: e.target.value })}
						/>
					)}
				</Field>
				<Field label={t("scripts.text")} hint={t("edit.text.hint")} error={wrong(faults.text)}>
					{(ids) => (
						<textarea
							{...ids}
							rows={8}
							maxLength={262144}
							value={text}
							onChange={(e) => change({ text: e.target.value })}
						/>
					)}
				</Field>
				<h3>{t("scripts.topics")}</h3>
				<p className={ui.hint}>{t("edit.topics.hint")}</p>
				<TopicLines lines={topics} faults={faults.topics} onChange={(to) => change({ topics: to })} />
				<Check
					label={t("edit.activate")}
					checked={isActive}
					onChange={(e) => change({ isActive: e.target.checked })}
				/>
				{faults.count > 0 && (
					<p role="alert" className={ui.fieldError}>
						{t("edit.wrong", { n: faults.count })}
					</p>
				)}
				<FormError error={save.error} />
				<div className={ui.row}>
					<Button type="submit" kind="primary" disabled={save.isPending}>
						{t("edit.save")}
					</Button>
					<Link className={buttonClass()} href={back}>
						{t("scripts.back")}
					</Link>
				</div>
			</form>
		</Panel>
	);
}
