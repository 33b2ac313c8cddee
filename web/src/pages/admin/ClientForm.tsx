/*
 * A client, new or changed. What always holds: the helpdesk's key goes in and never comes back;
 * what was not touched is not sent, so that two who edit at once do not undo each other.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import type { Client } from "../../api/types";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { isSlug, slugOf } from "../../lib/slug";
import { useToast } from "../../shell/toasts";
import { Button, Check, Field, FormError, ui, useFaults } from "../../ui";
import { Dialog } from "../../ui/dialog";
import { texts } from "./messages";

const FORM = "client-form";

interface Draft {
	name: string;
	slug: string | null;
	url: string;
	key: string;
	removeKey: boolean;
	active: boolean;
}

function changesOf(client: Client, d: Draft) {
	const url = d.url.trim() === "" ? null : d.url.trim();
	return {
		...(d.name.trim() === client.name ? {} : { name: d.name.trim() }),
		...(url === client.apiBaseUrl ? {} : { apiBaseUrl: url }),
		...(d.removeKey ? { apiKey: null } : d.key === "" ? {} : { apiKey: d.key }),
		...(d.active === client.isActive ? {} : { isActive: d.active }),
	};
}

function useSave(client: Client | null, draft: Draft, onClose: () => void) {
	const t = useT(texts);
	const cache = useQueryClient();
	const say = useToast();
	return useMutation({
		mutationFn: async (): Promise<unknown> => {
			if (client === null)
				return api.post("/api/clients", {
					body: {
						slug: draft.slug ?? slugOf(draft.name),
						name: draft.name.trim(),
						apiBaseUrl: draft.url.trim() === "" ? null : draft.url.trim(),
						apiKey: draft.key === "" ? null : draft.key,
						isActive: draft.active,
					},
				});
			const body = changesOf(client, draft);
			if (Object.keys(body).length === 0) return null;
			return api.patch("/api/clients/{slug}", { path: { slug: client.slug }, body });
		},
		onSuccess: () => {
			say(t(client === null ? "clients.added" : "clients.saved"));
			for (const key of [keys.clients, keys.me]) void cache.invalidateQueries({ queryKey: key });
			onClose();
		},
	});
}

function KeyField({
	client,
	draft,
	set,
	error,
}: {
	client: Client | null;
	draft: Draft;
	set: (to: Partial<Draft>) => void;
	error: string | undefined;
}) {
	const t = useT(texts);
	const stored = client?.hasApiKey === true;
	return (
		<>
			<Field label={t("key")} hint={t(stored ? "key.hint.set" : "key.hint.unset")} error={error}>
				{(ids) => (
					<input
						{...ids}
						type="password"
						autoComplete="new-password"
						maxLength={1024}
						value={draft.key}
						disabled={draft.removeKey}
						onChange={(e) => set({ key: e.target.value })}
					/>
				)}
			</Field>
			{stored && (
				<Check
					label={t("key.remove")}
					checked={draft.removeKey}
					onChange={(e) => set({ removeKey: e.target.checked, key: "" })}
				/>
			)}
		</>
	);
}

export function ClientForm({ client, onClose }: { client: Client | null; onClose: () => void }) {
	const t = useT(texts);
	const c = useT(common);
	const [draft, setDraft] = useState<Draft>({
		name: client?.name ?? "",
		slug: null,
		url: client?.apiBaseUrl ?? "",
		key: "",
		removeKey: false,
		active: client?.isActive ?? true,
	});
	const set = (to: Partial<Draft>) => setDraft({ ...draft, ...to });
	const save = useSave(client, draft, onClose);
	const status = save.error instanceof ApiError ? save.error.status : null;
	const fault = useFaults(save.error);
	const slug = draft.slug ?? slugOf(draft.name);
	const wrongSlug = client === null && slug !== "" && !isSlug(slug) ? t("slug.wrong") : undefined;
	const url = draft.url.trim();
	const wrongUrl = url !== "" && !/^https?:\/\/\S+$/.test(url) ? t("helpdesk.wrong") : undefined;
	const ready = draft.name.trim() !== "" && (client !== null || isSlug(slug)) && wrongUrl === undefined;
	const taken = client === null && status === 409 ? t("slug.taken") : undefined;
	return (
		<Dialog
			open
			onClose={onClose}
			title={t(client === null ? "clients.newTitle" : "clients.editTitle")}
			foot={
				<>
					<Button onClick={onClose}>{c("cancel")}</Button>
					<Button kind="primary" type="submit" form={FORM} disabled={!ready || save.isPending}>
						{save.isPending ? c("saving") : c("save")}
					</Button>
				</>
			}
		>
			<form
				id={FORM}
				className={ui.stack}
				onSubmit={(e) => {
					e.preventDefault();
					save.mutate();
				}}
			>
				<Field label={t("name")} error={fault("name")}>
					{(ids) => (
						<input
							{...ids}
							required
							maxLength={200}
							autoComplete="off"
							value={draft.name}
							onChange={(e) => set({ name: e.target.value })}
						/>
					)}
				</Field>
				{client === null && (
					<Field
						label={t("slug")}
						hint={t("slug.hint")}
						error={fault("slug") ?? taken ?? wrongSlug}
					>
						{(ids) => (
							<input
								{...ids}
								required
								maxLength={64}
								autoComplete="off"
								spellCheck={false}
								value={slug}
								onChange={(e) => set({ slug: e.target.value })}
							/>
						)}
					</Field>
				)}
				<Field
					label={`${t("helpdesk")} (${c("optional")})`}
					hint={t("helpdesk.hint")}
					error={fault("apiBaseUrl") ?? wrongUrl}
				>
					{(ids) => (
						<input
							{...ids}
							inputMode="url"
							autoComplete="off"
							spellCheck={false}
							maxLength={1024}
							value={draft.url}
							onChange={(e) => set({ url: e.target.value })}
						/>
					)}
				</Field>
				<KeyField client={client} draft={draft} set={set} error={fault("apiKey")} />
				<Check
					label={t("active")}
					hint={t("active.hint")}
					checked={draft.active}
					onChange={(e) => set({ active: e.target.checked })}
				/>
				{taken === undefined && <FormError error={save.error} />}
			</form>
		</Dialog>
	);
}
