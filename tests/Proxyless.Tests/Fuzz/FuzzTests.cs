using System.Globalization;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Fuzz;

/// <summary>
/// Every reader takes damaged files, or refuses them as it says: no other exception, no end of the process, no hang, no
/// growth of memory, no other file touched. <c>tests/fuzz.sh 100000</c> is the long form, a process for each reader.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int UsualInputs = 24_000;
    private const int UsualSeed = 1;

    // Set by fuzz.sh: one reader, its first input, and a folder for its progress and its result.
    private const string ReaderVariable = "PROXYLESS_FUZZ_READER";
    private const string FirstVariable = "PROXYLESS_FUZZ_FIRST";
    private const string FolderVariable = "PROXYLESS_FUZZ_FOLDER";

    // Inputs that are fed once more leave nothing behind. The runtime itself moves by a few hundred kB meanwhile: 2 MB
    // is what remains of a network, or of a hundred inputs.
    private const double MostManagedMb = 2;

    // Native heaps keep pages that are partly free, so that this is for whole pictures, tensors and sessions that are
    // not let go.
    private const double MostResidentMb = 48;

    private static readonly long Inputs = Number("PROXYLESS_FUZZ_INPUTS", UsualInputs);
    private static readonly int Seed = (int)Number("PROXYLESS_FUZZ_SEED", UsualSeed);

    public static TheoryData<string> Readers =>
        [
            .. FuzzReaders
                .All.Select(reader => reader.Name)
                .Where(name =>
                    Environment.GetEnvironmentVariable(ReaderVariable) is not { Length: > 0 } only || name == only
                ),
        ];

    [Theory]
    [MemberData(nameof(Readers))]
    public void A_damaged_file_is_read_or_refused(string name)
    {
        FuzzReader reader = FuzzReaders.All.Single(one => one.Name == name);
        string? folder = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } given ? given : null;
        long count = Math.Max(
            reader.Seeds().Count + reader.Hostile().Count + 1,
            Inputs * reader.Share / FuzzReaders.All.Sum(one => one.Share)
        );
        FuzzResult result = new FuzzRun(reader, Seed, folder is null ? null : Path.Combine(folder, "progress")).Run(
            Number(FirstVariable, 0),
            count
        );
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {result.Inputs} inputs, {result.Read} read, {result.Refused} refused, "
                    + $"{result.Findings.Count} neither, slowest {result.SlowestMs:0} ms, growth "
                    + $"{result.ManagedMb:0.0} MB managed, {result.ResidentMb:0.0} MB resident, peak "
                    + $"{result.PeakMb:0} MB"
            )
        );
        if (folder is not null)
        {
            File.WriteAllLines(Path.Combine(folder, "findings"), result.Findings);
            File.WriteAllText(
                Path.Combine(folder, "result"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{result.Inputs} {result.Read} {result.Refused} {result.Findings.Count} {result.SlowestMs:0}\n"
                )
            );
        }

        Assert.Empty(result.Findings);
        Assert.True(result.Refused > 0, "no input was damaged enough to be refused");
        Assert.InRange(result.ManagedMb, double.NegativeInfinity, MostManagedMb);
        Assert.InRange(result.ResidentMb, double.NegativeInfinity, MostResidentMb);
        Assert.InRange(result.PeakMb, 0, reader.MostPeakMb);
    }

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out long number)
            ? number
            : otherwise;
}
