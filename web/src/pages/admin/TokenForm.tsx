/*
 * A new token. What always holds: its secret is shown once, in this dialog, and kept nowhere: not
 * in the cache, not in the address.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Token } from "../../api/types";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { everywhere, useClients, useSession } from "../../shell/session";
import { Button, CopyButton, Field, FormError, Notice, ui } from "../../ui";
import { Dialog } from "../../ui/dialog";
import css from "./admin.module.css";
import { texts } from "./messages";

const FORM = "token-form";
const ROLES = ["viewer", "agent", "admin"] as const;
const ALL = "*";

function Secret({ token, secret }: { token: Token; secret: string }) {
	const t = useT(texts);
	return (
		<div className={ui.stack}>
			<Notice tone="amber" icon="warning">
				{t("tokens.secretOnce")}
			</Notice>
			<Field label={t("tokens.secret", { name: token.name })}>
				{(ids) => (
					<input
						{...ids}
						readOnly
						value={secret}
						spellCheck={false}
						data-testid="secret"
						onFocus={(e) => e.target.select()}
						autoFocus
					/>
				)}
			</Field>
			<div>
				<CopyButton text={secret} label={t("tokens.secretCopy")} />
			</div>
		</div>
	);
}

function Roles({ role, onChoose }: { role: Token["role"]; onChoose: (to: Token["role"]) => void }) {
	const t = useT(texts);
	return (
		<fieldset className={css.roles}>
			<legend className={ui.legend}>{t("tokens.role")}</legend>
			{ROLES.map((r) => (
				<div key={r} className={css.role}>
					<input
						type="radio"
						name="role"
						id={`role-${r}`}
						aria-describedby={`role-${r}-hint`}
						value={r}
						checked={role === r}
						onChange={() => onChoose(r)}
					/>
					<div>
						<label htmlFor={`role-${r}`}>{t(`role.${r}`)}</label>
						<div id={`role-${r}-hint`} className={ui.hint}>
							{t(`role.${r}.hint`)}
						</div>
					</div>
				</div>
			))}
		</fieldset>
	);
}

export function TokenForm({ onClose }: { onClose: () => void }) {
	const t = useT(texts);
	const c = useT(common);
	const { slug, me } = useSession();
	const clients = useClients(true);
	const cache = useQueryClient();
	const [name, setName] = useState("");
	const [role, setRole] = useState<Token["role"]>("viewer");
	const [client, setClient] = useState(me.clientSlug ?? (slug === "-" ? ALL : slug));
	const make = useMutation({
		mutationFn: () =>
			api.post("/api/tokens", {
				body: { name: name.trim(), role, ...(client === ALL ? {} : { clientSlug: client }) },
			}),
		gcTime: 0,
		onSuccess: () => void cache.invalidateQueries({ queryKey: keys.tokens }),
	});
	if (make.data !== undefined)
		return (
			<Dialog
				open
				onClose={onClose}
				title={t("tokens.secretTitle")}
				foot={
					<Button kind="primary" onClick={onClose}>
						{t("tokens.secretDone")}
					</Button>
				}
			>
				<Secret token={make.data.token} secret={make.data.secret} />
			</Dialog>
		);
	return (
		<Dialog
			open
			onClose={onClose}
			title={t("tokens.add")}
			foot={
				<>
					<Button onClick={onClose}>{c("cancel")}</Button>
					<Button
						kind="primary"
						type="submit"
						form={FORM}
						disabled={name.trim() === "" || make.isPending}
					>
						{t("tokens.create")}
					</Button>
				</>
			}
		>
			<form
				id={FORM}
				className={ui.stack}
				onSubmit={(e) => {
					e.preventDefault();
					make.mutate();
				}}
			>
				<Field label={t("name")} hint={t("tokens.name.hint")}>
					{(ids) => (
						<input
							{...ids}
							required
							maxLength={200}
							autoComplete="off"
							value={name}
							onChange={(e) => setName(e.target.value)}
						/>
					)}
				</Field>
				<Roles role={role} onChoose={setRole} />
				<Field label={t("tokens.client")}>
					{(ids) => (
						<select {...ids} value={client} onChange={(e) => setClient(e.target.value)}>
							{clients.data?.map((x) => (
								<option key={x.id} value={x.slug}>
									{x.name}
								</option>
							))}
							{everywhere(me) && <option value={ALL}>{t("tokens.allClients")}</option>}
						</select>
					)}
				</Field>
				<FormError error={make.error} />
			</form>
		</Dialog>
	);
}
