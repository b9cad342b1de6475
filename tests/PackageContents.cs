// What the packages of a folder hold: prints the table of docs/packages.md, fails where one is not fit for the gallery.
// Usage: dotnet run tests/PackageContents.cs -- FOLDER
using System.IO.Compression;
using System.Text.RegularExpressions;

const long GalleryLimit = 250_000_000;
string[] libraries = ["Proxyless", "Proxyless.Inference", "Proxyless.Measurement"];
string[] tools = ["Proxyless.Cli", "Proxyless.Agent"];
var unneeded = new Regex(@"\.(pdb|lib|a|aar|zip)$|torch_python|_test\.|/(android|ios|browser)");

string folder = args[0];
var faults = new List<string>();
var names = new List<string>();

Console.WriteLine("| package | MB | unpacked, MB |");
Console.WriteLine("| --- | ---: | ---: |");
foreach (string path in Directory.GetFiles(folder, "*.nupkg").Order(StringComparer.Ordinal))
{
    string name = Regex.Replace(Path.GetFileName(path), @"\.\d+\.\d+\.\d+.*$", "");
    using ZipArchive package = ZipFile.OpenRead(path);
    string[] entries = [.. package.Entries.Select(entry => entry.FullName)];
    long size = new FileInfo(path).Length;
    names.Add(name);
    Console.WriteLine($"| {name} | {size / 1e6:F2} | {package.Entries.Sum(entry => entry.Length) / 1e6:F2} |");

    faults.AddRange(entries.Where(entry => unneeded.IsMatch(entry)).Select(entry => $"{name}: {entry} is not needed"));
    Expect(size < GalleryLimit, $"{name}: {size} bytes, more than the gallery's {GalleryLimit}");
    Expect(entries.Contains("README.md"), $"{name}: no readme");
    if (libraries.Contains(name))
    {
        Expect(File.Exists(Path.ChangeExtension(path, ".snupkg")), $"{name}: no package of symbols");
    }
    else if (!tools.Contains(name))
    {
        bool Holds(string part) => entries.Any(entry => entry.Contains(part, StringComparison.Ordinal));
        Expect(Holds("/licenses/Microsoft.ML.OnnxRuntime/"), $"{name}: ONNX Runtime without its license");
        Expect(Holds("torch_cpu.") == Holds("/LICENSE-LIBTORCH.txt"), $"{name}: libtorch or its license alone");
    }
}

string[] expected = [.. libraries, .. tools, "Proxyless.Cli.linux-x64", "Proxyless.Agent.linux-x64"];
foreach (string name in expected)
{
    Expect(names.Contains(name), $"{name}: not packed");
}

faults.ForEach(Console.Error.WriteLine);
return faults.Count == 0 ? 0 : 1;

void Expect(bool holds, string fault)
{
    if (!holds)
    {
        faults.Add(fault);
    }
}
