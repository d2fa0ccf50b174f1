"""Functions on pytrees: nested tuples, lists, dicts and registered classes of arrays.

    >>> from minijax import tree_util
    >>> tree_util.tree_map(lambda x: 2 * x, {'w': 1, 'b': [2, 3]})
    {'w': 2, 'b': [4, 6]}

`minijax.tree` has the most used of them under short names. Classes become pytrees by the
`register_…` functions; `keystr` writes the key paths that the `…_with_path` functions give.
"""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.core.key_path": "DictKey FlattenedIndexKey GetAttrKey KeyPath SequenceKey keystr",
        "minijax.core.partial": "Partial",
        "minijax.core.pytree": "is_tree_node",
        "minijax.core.pytree_nodes": """
            register_dataclass register_pytree_node register_pytree_node_class
            register_pytree_with_keys register_pytree_with_keys_class register_static
        """,
        "minijax.core.tree_library": "PyTreeDef",
        "minijax.tree_util.registry": """
            KeyEntry PyTreeRegistry default_registry flatten_one_level flatten_one_level_with_keys
        """,
        "minijax.tree_util.trees": """
            all_leaves tree_all tree_broadcast tree_flatten tree_flatten_with_path tree_leaves
            tree_leaves_with_path tree_map tree_map_with_path tree_reduce tree_reduce_associative
            tree_structure tree_transpose tree_unflatten treedef_children treedef_is_leaf
            treedef_tuple
        """,
    },
    wrap=_guarded,
)
