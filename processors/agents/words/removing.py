"""The vocabulary of what is asked to go, and of what is asked to stay: folded words of several languages. Pure."""

from __future__ import annotations

from typing import Final

from processors.agents.words.clauses import vocabulary

COURTESY: Final = vocabulary("""
    please pls kindly also now simply maybe ok okay yes hey hi hello well so first next finally actually again i we you
    can could would will should may might must to want like i'd we'd i'll let's lets let us go ahead gonna wanna rather
    have bitte jetzt auch mal doch einfach noch ich wir du kannst konntest will mochte mochten wurde gerne gern ja
    nun vous te plait por favor puedes per favore got
""")
VERBS: Final = vocabulary("""
    remove delete drop discard omit scrap skip ditch kill eliminate exclude erase lose forget cancel dump cut
    nix scratch axe chuck trash purge
    entferne entfern entfernen losche losch loschen streiche streich streichen verwerfe verwirf supprime supprimez
    enleve enlevez retire retirez efface effacez quita quite elimina elimine borra borre suprime saca togli togliete
    rimuovi rimuovete cancella
""")
PHRASES: Final = (
    ("get", "rid", "of"), ("do", "away", "with"), ("leave", "out"), ("take", "out"), ("take", "away"), ("take", "off"),
    ("turn", "off"), ("switch", "off"), ("cut", "out"), ("throw", "out"), ("throw", "away"),
    ("strip", "out"), ("forget", "about"), ("verzichte", "auf"),
)  # fmt: skip
PARTED: Final = vocabulary("take leave cut throw strip turn switch lass lasst nimm nehmt wirf mach")
"""With a particle behind the object."""
PARTICLES: Final = vocabulary("out away off weg raus heraus")
GONE: Final = vocabulary("""
    removed deleted dropped discarded omitted scrapped gone erased eliminated excluded weg raus entfernen entfernt
    loschen geloscht streichen gestrichen weglassen weggelassen rausnehmen
""")
MODALS: Final = vocabulary(
    "can could should must shall may be soll sollte sollen muss mussen kann konnen darf bitte auch jetzt"
)
GOES: Final = frozenset({"go", "off", "disappear", "verschwinden", *GONE})
UNDOES: Final = (("undo",), ("revert",), ("rollback",), ("roll", "back"), ("take", "back"), ("go", "back"), ("reset",))
VERSIONS: Final = vocabulary("""
    version versions state change changes edit edits last previous earlier first old original before how what twice two
    three again one
""")
SILENT: Final = vocabulary("silent mute muted soundless completely totally be stumm lautlos")
SILENCES: Final = frozenset({"mute", "silence"})
WITHOUT: Final = vocabulary("without minus ohne sans sin senza")
NONE: Final = vocabulary("no kein keine keinen keiner keines")
MAKES: Final = vocabulary(
    "make do generate create produce render give need show use try redo with have mach mache erstelle there be"
)
STATES: Final = vocabulary(
    "is was are were isn't look looks feel feels seem seems sound sounds work works imagine how what why if "
    "even when not never cannot can't don't"
)
NEGATORS: Final = vocabulary("""
    not don't dont never didn't doesn't won't can't cannot mustn't shouldn't wouldn't avoid stop nicht nie niemals ne
    pas jamais without instead rather non nunca
""")
UNWANTED: Final = vocabulary("do did don't dont didn't never not no longer")
KEEPS: Final = vocabulary(
    "keep keeping leave leaving retain preserve save spare behalte behalten lass lasst garde conserva"
)
SWAPS: Final = vocabulary("replace swap exchange substitute ersetze tausche remplace reemplaza")
CHANGES: Final = vocabulary("change switch turn convert")
FOR: Final = vocabulary("with for by durch gegen par por")
USES: Final = vocabulary("use make create generate give want like need have add do show a an some")
ONLY: Final = vocabulary("only just nur solo")
BOTH: Final = vocabulary("both beide")
SEVERAL: Final = BOTH | vocabulary("these those all any every each alle diese")
DETERMINERS: Final = SEVERAL | vocabulary("""
    the that this my our your its his her their a an of whole entire der die das den dem des ein eine einen mein meine
    meinen dein deine dieser diesen dieses ganze ganzen le la les l un une mon ma el los las lo il gli mi tu
""")
PRONOUNS: Final = vocabulary("it that this them these those es ihn")
TAIL: Final = vocabulary("""
    please pls thanks thank you thx too also altogether entirely completely totally again now instead anymore any more
    then first for good as well though at all right away immediately here bitte danke auch wieder ganz jetzt mehr nun
    komplett por favor per favore
""")
PLACES: Final = vocabulary("plan project workflow pipeline list canvas session projekt liste")
FILMS: Final = vocabulary("video film clip movie animation videos clips")
OF: Final = vocabulary("from in of aus von im vom")
DESCRIBES: Final = vocabulary(
    "of with showing depicting featuring about called named titled on in at from von mit uber"
)
SHOWS: Final = vocabulary("shows show depicts has have contains is says zeigt")
PUTS_IN: Final = vocabulary("add include use make create generate have put")
FILM_VERBS: Final = frozenset({"cut", "drop", "lose", "kill", "skip", "cancel"})
"""What by themselves mean something else."""
AGAIN: Final = vocabulary("again first now")
NEW: Final = vocabulary("another new extra additional second further more different other")
BETTER: Final = vocabulary("better nicer cleaner calmer best besser schoner")
REASONS: Final = vocabulary("because since so i we you it it's that's weil da denn ich")
EXCEPT: Final = vocabulary("but except besides ausser bis")
EVERYTHING: Final = vocabulary("everything anything alles all rest")
OF_THE_PLAN: Final = vocabulary("else other others andere anderen the of step steps schritte")
STOPS: Final = (
    GONE
    | TAIL
    | REASONS
    | vocabulary("""
    from in of on at by with for under over behind into onto to off out up down before after during between around
    below above near as than through until till except but besides aside apart is are was were be been should must can
    could would will shall may has have had needs need be do does did so and or without not which who where when while
    if she he they showing depicting featuring about called named titled too very more less a an the
    aus von im am mit fur unter uber bei nach vor zu zum vom durch gegen ist
    sind war soll sollte sollen muss mussen kann wird werden nicht raus heraus that isn't aren't instead ausser auf
""")
)
WORDS_MAX: Final = 6
ASKING: Final = vocabulary("can could would will please kannst konntest puedes")
