using System.Reflection;

namespace Proxyless.Export;

/// <summary>The version of the library, for the metadata of models.</summary>
internal static class LibraryVersion
{
    /// <summary>The entry of a model's provenance.</summary>
    public const string Key = "proxyless";

    /// <summary>The version; empty if the assembly has none.</summary>
    public static string Text { get; } =
        typeof(LibraryVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion
        ?? "";
}
