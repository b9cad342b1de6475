namespace Proxyless.Latency;

/// <summary>The words for targets that time integer models.</summary>
internal static class IntegerModels
{
    /// <summary>What follows the name of a target: <c>cpu+int8</c>.</summary>
    public const string Suffix = "+int8";

    /// <summary>What follows its identity, so that its tables are its own.</summary>
    public const string Identity = ", int8";

    /// <summary>Whether two identities are of one machine, for models of the two precisions.</summary>
    public static bool DifferInPrecisionOnly(string id, string other)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(other);
        static string Plain(string text) => text.Replace(Identity, "", StringComparison.Ordinal);
        return id != other && Plain(id) == Plain(other);
    }

    /// <summary>The name of a target with the suffix.</summary>
    public static string Of(string name) => Is(name) ? name : name + Suffix;

    /// <summary>The name of a target without the suffix.</summary>
    public static string Without(string name) => Is(name) ? name[..^Suffix.Length] : name;

    /// <summary>Whether a name has the suffix; a file of such a name is a target as any other.</summary>
    public static bool Is(string name) => name.EndsWith(Suffix, StringComparison.Ordinal) && !File.Exists(name);
}
