namespace Proxyless.Tests.Fuzz;

/// <summary>A reader of files and what it is fed with.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Share">How many inputs it gets in proportion to the others: more where it is fast.</param>
/// <param name="Syntax">What its files consist of.</param>
/// <param name="File">The file that is damaged, in a folder of the reader's own.</param>
/// <param name="Seeds">Whole files, which must be read.</param>
/// <param name="Hostile">Files that somebody made with intent.</param>
/// <param name="Open">Fills the folder with what else belongs there, and gives what reads the file.</param>
internal sealed record FuzzReader(
    string Name,
    int Share,
    FuzzSyntax Syntax,
    string File,
    Func<IReadOnlyList<byte[]>> Seeds,
    Func<IReadOnlyList<byte[]>> Hostile,
    Func<string, Action<string>> Open
)
{
    // Of a file of a few kB, in memory, with the libraries that are loaded for it.
    private const double UsualPeakMb = 300;

    /// <summary>The most memory that reading may take meanwhile, in MB.</summary>
    public double MostPeakMb { get; init; } = UsualPeakMb;

    public override string ToString() => Name;
}
