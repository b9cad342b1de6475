namespace Proxyless.Data;

/// <summary>
/// Finds the output of a model that a folder's name means: the name of a class, its identifier (such as a WordNet
/// synset), or one of several names that are separated by commas in the class's name, as in ImageNet.
/// </summary>
internal sealed class ClassMatching
{
    private const int Ambiguous = -1;

    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _synonyms = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Prepares for a model.</summary>
    /// <param name="classes">The names of its classes in the order of the outputs.</param>
    /// <param name="identifiers">Their identifiers; empty if they have none.</param>
    public ClassMatching(IReadOnlyList<string> classes, IReadOnlyList<string> identifiers)
    {
        for (int i = 0; i < classes.Count; i++)
        {
            _names.TryAdd(ClassName.Key(classes[i]), i);
        }

        for (int i = 0; i < identifiers.Count; i++)
        {
            _names.TryAdd(ClassName.Key(identifiers[i]), i);
        }

        for (int i = 0; i < classes.Count; i++)
        {
            foreach (string synonym in classes[i].Split(',').Select(Spaced).Distinct(StringComparer.OrdinalIgnoreCase))
            {
                if (!_synonyms.TryAdd(synonym, i))
                {
                    _synonyms[synonym] = Ambiguous;
                }
            }
        }
    }

    /// <summary>The output that a name means; -1 if there is none, or more than one.</summary>
    public int OutputOf(string name) =>
        _names.TryGetValue(ClassName.Key(name), out int output)
            ? output
            : _synonyms.GetValueOrDefault(Spaced(name), Ambiguous);

    // Folders often have underscores instead of spaces. Two Unicode spellings of a letter count as equal.
    private static string Spaced(string name) => ClassName.Key(name).Replace('_', ' ').Trim();
}
